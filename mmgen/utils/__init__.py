from mmgen.utils.env_report import collect_env
from mmgen.utils.set_up import register_all_modules

__all__ = ['collect_env', 'register_all_modules']
