"""Reports: a `Report` as text for people or for machines, one file a format. Pure: no printing here."""
