"""The certificates that the twin shows in OPC UA and TLS: RSA 2048, self-signed, made for the practice plant.

Nobody holds their private keys: they were thrown away, so that the certificates prove nothing anywhere else. The living
plant makes its own ones at each start.
"""

from __future__ import annotations

import base64
from typing import Final

__all__ = ["CERTIFICATES"]

_TEXTS: Final = {
    "plc-pasteuriser": (
        "MIIDYjCCAkqgAwIBAgIUIGyKhCqaqj+tMK6tgrMSWFg87o8wDQYJKoZIhvcNAQELBQAwNzEbMBkGA1UECgwSSW50ZXJsb2NrIFBy"
        "YWN0aWNlMRgwFgYDVQQDDA9wbGMtcGFzdGV1cmlzZXIwHhcNMjYwODAzMDgwMDAwWhcNNDYwNzI5MDgwMDAwWjA3MRswGQYDVQQK"
        "DBJJbnRlcmxvY2sgUHJhY3RpY2UxGDAWBgNVBAMMD3BsYy1wYXN0ZXVyaXNlcjCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoC"
        "ggEBAMriwfiV1yzoNALYUnkSeHKiFfd/T+fZrO9hYTALrk68s5o/fd+2/LWsPaoi7odEDYnnbFaiYJTiLaAtq/vUiv/t3Wfr1usZ"
        "KyN3hECR6cGZyzxeeFyI+Xj9m61ICIo2vbF9V9PNxV/Kzp8OfSqZgrDKNJb4ageOJvnFq3pxaqT+RhP+vc5DA3xMjl6NsNauYuxt"
        "f9HyTFzQ7zOE3eRdIyi6zIF4k3VbwpvZY/Isrg6zsueIkrrjf1/CudJ0gFsbNn1QlSBAyREwKFpWTyERpySbgmforpwvRGSRwwJD"
        "tWZfCq1G4TNKq3Yh1C4IPVSfzvNIbrl+beTS1MOa9YFXiGECAwEAAaNmMGQwDAYDVR0TAQH/BAIwADAvBgNVHREEKDAmhhN1cm46"
        "cGxjLXBhc3RldXJpc2Vygg9wbGMtcGFzdGV1cmlzZXIwDgYDVR0PAQH/BAQDAgTwMBMGA1UdJQQMMAoGCCsGAQUFBwMBMA0GCSqG"
        "SIb3DQEBCwUAA4IBAQCMMARIXnbSjmQtGJ9dmoFUjFhqOCCpGJzNEVxENFztR8SZmCIAsR+f22w75rWuUrRiWcKOkWWKvQjTTbkW"
        "bd+9V5NwHKzef+2sdipFawK3ujLyEYs5A49w7Tqw31j/cHK7h3hocBhd5su2Bdenq62Xleswg6zWyZdsPF2GBd9XmCfIG3gPMcaM"
        "2SsK5ELEH8F+8qgbVjcgod6kWjtSsvH8t+V6E9XlvpVQF5Y/eOQT6+IncfWHdoylh8oWFLNXLWUkZoQRmfLw8tg6ohvOcL1Wn4P3"
        "K0MdtQA+SuSsO/4hmqmY1BHOcXjL3jSH6OB5JGxYm6CzUTmnEyDd6/9YMe98"
    ),
    "hmi": (
        "MIIDMjCCAhqgAwIBAgIUIPYf3nxnr2Mk9S8vva72k+rvAgUwDQYJKoZIhvcNAQELBQAwKzEbMBkGA1UECgwSSW50ZXJsb2NrIFBy"
        "YWN0aWNlMQwwCgYDVQQDDANobWkwHhcNMjYwODAzMDgwMDAwWhcNNDYwNzI5MDgwMDAwWjArMRswGQYDVQQKDBJJbnRlcmxvY2sg"
        "UHJhY3RpY2UxDDAKBgNVBAMMA2htaTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBANXpGO1Q6C7vJg7oOvUu28ypjKfu"
        "Ul5Z908Wv+J3thXF48+VO8W3hzgNtA7pI/zEr8MP2831UHgQKelIhZ+e3URDVK8HCumzZfRnU0KsuturjAUh+PgkEej+7m4W4cLN"
        "Vx7xZDaW+esJE2Ee4d3H1sm9T9/YWGofqZwwzUwGQt9MyiFKxvgkrSfqLiDTuxTVrjYGuID8+dBqdrMBcJccazM8cuuYHPIlte9K"
        "RfMydj7O9et8taJCGR8vvejaDWTTUGktZgmFUNhZ7zII13T7C/yHjedNYLZWq5zsC6iDnie8qBr80AQIBcNdGFzrzxjN8737+q9T"
        "hUViKbtR17tnyPsCAwEAAaNOMEwwDAYDVR0TAQH/BAIwADAXBgNVHREEEDAOhgd1cm46aG1pggNobWkwDgYDVR0PAQH/BAQDAgTw"
        "MBMGA1UdJQQMMAoGCCsGAQUFBwMCMA0GCSqGSIb3DQEBCwUAA4IBAQBObdUNsz6UWc/UGJwSD1A68w4o93KtvuRSj51b5XW4JKBy"
        "ABJOa43bAyRBQhasZhKXB7U2WFkawQ6ohWnSVsxQNYnoREHBayQT+CiESqtjQ7E3GrybDJwGHIOkjk8rVmybWxW05FieHrMeDOo4"
        "XWfzNeemm4ezdSULc/e4ypqrz4or25XnKC/+4ijiCBKrOby7rqHSfrr7omGumtH57VZfh132Xcbdb72TVjbnA4NFXrZr5JiDZs2q"
        "QhLMp/5maEM50nZ9mgdr46ui5B6klvG2+Eq9EW72HvaMgDYw9S7Iee1KIQQiRAkyuvZZxgvr62FmbwMlvkhRkZuRbxGPZyGN"
    ),
    "historian": (
        "MIIDSjCCAjKgAwIBAgIUZv6QGP7f8wnkDtR9fDbSlVHadnIwDQYJKoZIhvcNAQELBQAwMTEbMBkGA1UECgwSSW50ZXJsb2NrIFBy"
        "YWN0aWNlMRIwEAYDVQQDDAloaXN0b3JpYW4wHhcNMjYwODAzMDgwMDAwWhcNNDYwNzI5MDgwMDAwWjAxMRswGQYDVQQKDBJJbnRl"
        "cmxvY2sgUHJhY3RpY2UxEjAQBgNVBAMMCWhpc3RvcmlhbjCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAI9GlVbHw4wp"
        "vqXL+aZ/MllwYozyMJ5Nrf3uL8pRtPzDpdXZ/foEarxDMXbUOelfXeTYAyVw+K++dY1lyqKjOAPOSC+CmQAPIWmPjxjkPDShLDBj"
        "PunOrtgZKrXx7qkgSaBY2uRuJ+Mb9upKc2loN0UiHYRUk9DTlnUXmJOVs3V1Kc9P02xm1HSaLZCFgqUTDbi3t2nvYaa5MwVCBPNe"
        "Wnj/e0cxKWuWEwrYEZgrLvAVAT5DQll0IdRTBgZWdsNduC43AvvX4N+6t0mrMja2wHuvpxvXvieqvGx5q5N+eIFTjzg7YYk4c3oa"
        "9iinuwiZTbIJnTWT6GhQaCQ6AEddvgsCAwEAAaNaMFgwDAYDVR0TAQH/BAIwADAjBgNVHREEHDAahg11cm46aGlzdG9yaWFugglo"
        "aXN0b3JpYW4wDgYDVR0PAQH/BAQDAgTwMBMGA1UdJQQMMAoGCCsGAQUFBwMCMA0GCSqGSIb3DQEBCwUAA4IBAQBXlpuSBLi75u7v"
        "0iIRscB3cAj/egPA+Eo2Zb5qNDR2oA5zHotWht+6JCJ/O8LAOlrKOn5Ciu5YUp5dekJodpw55mtrH9qr345Y9B+rHLec70VmYcsn"
        "30bjqKXnhU15amL7LEGsXyxBpVhdWIua9qrLFyx7VtCRH1jGWXGOUIR+rDigBj6+a0agUMxNHxcqn9NZwXhXKFB6IeI32+SiGa33"
        "9dl4W2UeiVS0IYcceY87JlXgzEG+hHQEA7buYam52bXRa2B0snyWOWuNqCeRgNm4iC+315zUTrG+re1b9wrTWpRRwt6r06QjECKM"
        "x80BoLFFi7lWtiWojQx/AkUB95v0"
    ),
    "engineering desktop": (
        "MIIC3jCCAcagAwIBAgIUGwGW117s/kP+3hNyHZHjRImDz50wDQYJKoZIhvcNAQELBQAwFjEUMBIGA1UEAwwLRU5HSU5FRVJJTkcw"
        "HhcNMjYwNzA2MDgwMDAwWhcNMjcwMTA1MDgwMDAwWjAWMRQwEgYDVQQDDAtFTkdJTkVFUklORzCCASIwDQYJKoZIhvcNAQEBBQAD"
        "ggEPADCCAQoCggEBAL1cvcGaGqcL4p6mjyWowV+Nq4skN1zGEfMX8zPQQfxe8WQbNtgXe8vFHvnwQtT05EiIxv26X3er3gvUxBMf"
        "E6F7KKS2vJM9humA19khgR8venzGbEyovteCbpZlv6bcryygy2trrYpr1CX9ryTNHMaRad7hYafnVeFwWqq+83SQn9oTHvf0JOem"
        "54GCem47upclPrhqHf+8ApbUHMx6OxT0MVFv15RpBFqKljCzWDk/ATstptqmNWn/A8DAXedAxar6FvTEkd5HsaoOxkOQkRy+jZDc"
        "0ETRNn8KXOZtvlogzwlXfCWqiZThMMK49QROS/QbM4wYKPiTZzgCdpuJOUkCAwEAAaMkMCIwEwYDVR0lBAwwCgYIKwYBBQUHAwEw"
        "CwYDVR0PBAQDAgQwMA0GCSqGSIb3DQEBCwUAA4IBAQAQZtwuVwsEEyxA0RQt774Ce6kiZEJRWwwE1T4TiDBIfxVFZUBzvaHLBqpE"
        "Cb/b/xMRhxSkDgrNL6tkmAiUZq/QNAicsEd0tHTUj6PtPoRfLxpNNpRpMaaQfkApfYuJxwScND9aiVLlLRreZkPBqsmMfZD72GlM"
        "nrpchAF/r2Xf6roU60elkBG9r+2vNuwFy37cC0V9ER3Axp6xVm+//dmOw0CJcRlaYN9D9kRG/FBb2u+8u5xaGgCeJVQPURGx0txx"
        "kkKjDNNKEpfxfeq9nfWlr9coyoYfpACs0QYr92lloYX0HANeSPIQWH06sfuCY+D5Ddk5z2AvfVC73Bj/Mvp7"
    ),
    "historian desktop": (
        "MIIC2jCCAcKgAwIBAgIUOGvqCeDGd6xw8g4teA8JDPSzxpAwDQYJKoZIhvcNAQELBQAwFDESMBAGA1UEAwwJSElTVE9SSUFOMB4X"
        "DTI2MDcwNjA4MDAwMFoXDTI3MDEwNTA4MDAwMFowFDESMBAGA1UEAwwJSElTVE9SSUFOMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
        "MIIBCgKCAQEA1h9AKUJ2vcochT/ixo//hVdLiNz/PeO49eVgIgNs/HyMS2XgPE2auN/0Yyf3i7zM4yoUQR5rO6aqYDCAcjjrzshs"
        "X5H84fye8btY+jrqkllpizsmjyewPZqX+WAgCsmt7hlf+IRAdjG3nvayfQjiISqc+u+pY9NThoJpT+XuH8CfV4TxMwbG3LXMdh5o"
        "XJENI1S4s5Y+Uvg9/kBQxYZglxwka4/JvAymro9R2rMqSDBQ7DZcJov2r9bUVQxV4mP0b1UGk5ouJTrsdsd+J7bsmwuk3/Njuy3s"
        "uQlUPn0aI1t2f74jyVEVvRQzeJVgoHGPzQM8QBeOVsa9JJoM4x698QIDAQABoyQwIjATBgNVHSUEDDAKBggrBgEFBQcDATALBgNV"
        "HQ8EBAMCBDAwDQYJKoZIhvcNAQELBQADggEBAGumX8GMJN8JYHoAkyLSJuR8JrS86U2O8gfImaFhF4d5RPRA+FfbEln8UTSU8pLg"
        "CDEk+TUatfgo+lMGL4jH2qEErQ+mmzYY/TUscfQKWH3Z7hvFPbHDUwQBTVLbWlQ9K+U/l4B32/vFIObDReMrz0OJ0KZZ/i60PDzQ"
        "3YpuSTDLs14yl/AQXc7jyblYNjgiNfg/zbIyIkjw8zgaXAjXkCtSIyHaPD7l6xix4z7qrMm/WfPcNMthzukpRPIa3PYOUKbm0uus"
        "k4ZoodjgcJjY7yZm4upKTDzk4THvHKWGVz5f7gtekYGEb/3T6/466x85idelHszPb8Ws7jbwnEyjfPQ="
    ),
}
CERTIFICATES: Final = {name: base64.b64decode(text) for name, text in _TEXTS.items()}
"""Machine, with `desktop` where its remote desktop has another one → X.509, DER."""
