"""Engine, tables, migrations, audit log, encryption and masking: the only room that knows SQL."""
