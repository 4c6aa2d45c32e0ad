"""Where files are kept that can be fetched or computed again."""
import os
from pathlib import Path


def cache_dir() -> Path:
    """Folder for weights and statistics: ``MMGEN_CACHE_DIR`` if set."""
    default = Path.home() / '.cache' / 'mmgen'
    return Path(os.environ.get('MMGEN_CACHE_DIR') or default)
