"""The certificate that the pasteuriser's server shows: RSA 2048, self-signed, made for the practice plant.

Nobody holds its private key: it was thrown away, so that the certificate proves nothing anywhere else.
"""

from __future__ import annotations

import base64
from typing import Final

__all__ = ["CERTIFICATE"]

CERTIFICATE: Final = base64.b64decode(
    "MIIDrjCCApagAwIBAgIUDsC0ACXOd+VPFHDN4CBY3aZHh98wDQYJKoZIhvcNAQELBQAwNzEbMBkGA1UECgwSSW50ZXJsb2NrIFBy"
    "YWN0aWNlMRgwFgYDVQQDDA9wbGMtcGFzdGV1cmlzZXIwHhcNMjYxMTI3MTIyODM0WhcNNDYxMTIyMTIyODM0WjA3MRswGQYDVQQK"
    "DBJJbnRlcmxvY2sgUHJhY3RpY2UxGDAWBgNVBAMMD3BsYy1wYXN0ZXVyaXNlcjCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoC"
    "ggEBAKpFzY5ofLcPzGgXLDRdtsB2sAfA6MOphAQf5R/puTdqFzcqJt4YQk/7GfpFRwg6nT+b8ZUs/xlNukIP1yO2heD7z6t/dTvC"
    "V0lFPmlcfYAfYJi7tYrWPsjTjY5+GhFM7LV22SIx3CfF7VmYK0VPxaRTNlXgrhRR5r5Dv43LdfBENH1MT2qYm6aFy6weXWmWDr2N"
    "Y3Oqsl3BgjQdKh0QDvqfch8Q+AyUGTqP8QCGTcIrCp/3HK3xHVaKkAxjkmcqgACzIEDJgdoD2DfFsajYa3g9iPqxLjRCvBAi67B9"
    "4ZFS6cn2nt/auz31N7LtUqDfmLXjc147WRSIhAHTayUP3FECAwEAAaOBsTCBrjAdBgNVHQ4EFgQUN5dlO57KI1X+wURxYmNUm867"
    "xYMwHwYDVR0jBBgwFoAUN5dlO57KI1X+wURxYmNUm867xYMwDwYDVR0TAQH/BAUwAwEB/zAvBgNVHREEKDAmhhN1cm46cGxjLXBh"
    "c3RldXJpc2Vygg9wbGMtcGFzdGV1cmlzZXIwCwYDVR0PBAQDAgL0MB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjANBgkq"
    "hkiG9w0BAQsFAAOCAQEAWsK4OZbKRJnDXIV5gbeX2ThrJK/UeOqPZ8DhceMaYVy1n07mXjagNULx/2ZLdvfRPs/9ZpfHMvAGb0fF"
    "V5Ik6VNFbJqymjQgcxQ4mjK1ostVGbHtdynu9ZWTNNPyU3DUxkT29yiqWVyh9mp8bAm/ihDLfJVq2EUS0tTrHvaqe79J8vewTPBP"
    "yUMGvFBzqOjLJ1z7JGEB2C0u4u9o/rBSQAeJlJhnmDMXZ3hZuR9UmpTHUAWQD44eZLSUsPeu7TFC1TD9yu/es5Ksw2xeR2rnjfMN"
    "+JrhSXUekYAX3yM90Hj6WL1Znt6gz8BQ1Ur0mGa2ECTuAO6POuEabFb2hAZhBA=="
)
"""X.509, DER."""
