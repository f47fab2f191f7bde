"""The dtypes of frames that pandas names in another way from release to release."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

#: Texts, with NaN where one is missing: what pandas 3 calls "str". Before pandas 3 that name makes a numpy array in
#: which None has become "None", so that every column of texts is asked for by this object.
TEXT: Final = pd.StringDtype(na_value=np.nan)
