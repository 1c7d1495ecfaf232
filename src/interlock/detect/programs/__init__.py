"""Programs, firmware and settings that crossed the wire: compared with the last ones and with approved ones."""
