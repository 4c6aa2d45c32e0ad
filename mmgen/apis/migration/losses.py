"""0.x losses, which were parts of a model's config.

In 1.x a training class brings its losses along, so the combination that a
config has put together decides which class trains the same way.
"""
from dataclasses import dataclass
from typing import Any

from mmgen.apis.migration.report import MODELS, Report

# 0.x defaults of what the classes can be told.
R1_DEFAULTS = dict(loss_weight=1.0, interval=1, norm_mode='pixel')
GP_DEFAULTS = dict(loss_weight=1.0, norm_mode='pixel')
PATH_DEFAULTS = dict(
    loss_weight=1.0, interval=1, pl_batch_shrink=1, decay=0.01,
    pl_batch_size=None, sync_mean_buffer=False)
PIXEL_DEFAULTS = dict(loss_weight=1.0, reduction='mean', avg_factor=None,
                      sample_wise=False)
SHIFT_DEFAULTS = dict(loss_weight=1.0)

# Says how a loss finds its inputs or what it is called; a class knows that.
ADDRESS = ('type', 'data_info', 'loss_name', 'use_apex_amp')


@dataclass
class OldLosses:
    """The losses of a 0.x model; what is taken is gone from the lists.

    Attributes:
        gan_type: The adversarial one.
        disc: Auxiliary ones of the discriminator.
        gen: Likewise of the generator.
    """

    gan_type: str | None
    disc: list[dict]
    gen: list[dict]
    report: Report

    def take(self, kind: str, defaults: dict[str, Any],
             of: str = 'disc') -> list[dict[str, Any]]:
        """All losses of a type, their settings complete."""
        losses = getattr(self, of)
        found = [loss for loss in losses if loss.get('type') == kind]
        setattr(self, of, [loss for loss in losses if loss not in found])
        taken = []
        for loss in found:
            settings = {key: value for key, value in loss.items()
                        if key not in ADDRESS}
            self.report.rest(MODELS, kind, {
                key: value for key, value in settings.items()
                if key not in defaults}, 'model')
            data = {'data_info': loss.get('data_info', {}),
                    'loss_name': loss.get('loss_name', '')}
            taken.append({**defaults, **settings, **data})
        return taken

    def take_one(self, kind: str, defaults: dict[str, Any],
                 of: str = 'disc') -> dict[str, Any] | None:
        """The loss of a type; None without. Of several the first."""
        found = self.take(kind, defaults, of)
        for loss in found[1:]:
            self.report.look(
                MODELS, f'{kind} is there more than once; the class has it '
                f'once. Left out: weight {loss["loss_weight"]}.', 'model')
        return found[0] if found else None

    def refuse_rest(self, owner: str) -> None:
        """Name what no class has in this combination."""
        for loss in (*self.disc, *self.gen):
            self.report.look(
                MODELS,
                f'{owner} has no {loss.get("type")}, and no class of 1.x has '
                f'it together with gan_type={self.gan_type!r}. Without it the '
                f'training is another one. It was {loss}.', 'model')

    def expect(self, owner: str, what: str, given: Any, fixed: Any) -> None:
        """Name a number that the class has fixed otherwise."""
        if given != fixed:
            self.report.look(
                MODELS, f'{what} was {given}, and {owner} has {fixed}, which '
                'no setting changes. Override it in a class of your own to '
                'train as before.', 'model')


def read_losses(model: dict, report: Report) -> OldLosses:
    """Take the losses out of a 0.x model's config."""
    gan = dict(model.pop('gan_loss', None) or {})
    gan_type = gan.pop('gan_type', None)
    gan.pop('type', None)
    for key, usual in (('real_label_val', 1.0), ('fake_label_val', 0.0),
                       ('loss_weight', 1.0)):
        value = gan.pop(key, usual)
        matters = key == 'loss_weight' or gan_type in ('vanilla', 'lsgan')
        if value != usual and matters:
            report.look(
                MODELS, f'gan_loss.{key} was {value}; the classes of 1.x have '
                f'{usual}.', 'model')
    report.rest(MODELS, 'gan_loss', gan, 'model')
    return OldLosses(gan_type,
                     as_list(model.pop('disc_auxiliary_loss', None)),
                     as_list(model.pop('gen_auxiliary_loss', None)), report)


def as_list(value: Any) -> list:
    """None, one thing or several as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
