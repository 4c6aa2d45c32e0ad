"""What knows nothing of images and models."""
from .env_report import collect_env
from .set_up import register_all_modules

__all__ = ['collect_env', 'register_all_modules']
