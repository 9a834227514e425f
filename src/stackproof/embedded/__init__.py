"""An embedded AWS: moto in process, made honest, around one call seam and one clock."""
