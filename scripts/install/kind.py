"""Print what wheels depend on: implementation and version of Python, system, processor."""

import sys
import sysconfig

print(f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]} {sysconfig.get_platform()}")
