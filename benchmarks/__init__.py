"""Speed, each figure beside an honest floor or peer measured in the same run: `make bench`."""
