"""The words of the whole house: tables, frozen types, and the model of the site file."""
