"""The registries: names in configs to classes.

Each registry knows the package that fills it and imports it the first time a
name is looked up, so nothing has to be called beforehand. A name that mmgen
does not have is looked up in MMEngine's registry of the same kind.
"""
from mmengine import registry as mmengine_registry
from mmengine.registry import Registry


def _child(parent_name: str, package: str) -> Registry:
    """The registry of mmgen under MMEngine's one of that name."""
    parent = getattr(mmengine_registry, parent_name)
    return Registry(
        parent.name,
        parent=parent,
        scope='mmgen',
        locations=[f'mmgen.{package}'])


RUNNERS = _child('RUNNERS', 'engine')
RUNNER_CONSTRUCTORS = _child('RUNNER_CONSTRUCTORS', 'engine')
LOOPS = _child('LOOPS', 'engine')
HOOKS = _child('HOOKS', 'engine')
LOG_PROCESSORS = _child('LOG_PROCESSORS', 'engine')
OPTIMIZERS = _child('OPTIMIZERS', 'engine')
OPTIM_WRAPPERS = _child('OPTIM_WRAPPERS', 'engine')
OPTIM_WRAPPER_CONSTRUCTORS = _child('OPTIM_WRAPPER_CONSTRUCTORS', 'engine')
PARAM_SCHEDULERS = _child('PARAM_SCHEDULERS', 'engine')
MODEL_WRAPPERS = _child('MODEL_WRAPPERS', 'engine')
DATASETS = _child('DATASETS', 'datasets')
DATA_SAMPLERS = _child('DATA_SAMPLERS', 'datasets')
TRANSFORMS = _child('TRANSFORMS', 'datasets')
MODELS = _child('MODELS', 'models')
WEIGHT_INITIALIZERS = _child('WEIGHT_INITIALIZERS', 'models')
BATCH_AUGMENTS = Registry(
    'batch augment', scope='mmgen', locations=['mmgen.models'])
TASK_UTILS = _child('TASK_UTILS', 'models')
EVALUATORS = _child('EVALUATOR', 'evaluation')
METRICS = _child('METRICS', 'evaluation')
VISUALIZERS = _child('VISUALIZERS', 'visualization')
VISBACKENDS = _child('VISBACKENDS', 'visualization')

# 1.x had two tables for what is one kind of thing; both names work.
MODULES = MODELS

# Networks that turn images into features for the metrics.
FEATURES = Registry(
    'feature network', scope='mmgen', locations=['mmgen.evaluation.features'])
