"""Where pictures and numbers go: files, TensorBoard, Weights & Biases.

All three take pictures as RGB arrays and scalars as numbers, one-element
tensors or one-element arrays. The packages behind them are imported at their
first use.
"""
import os
import os.path as osp
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.fileio import get_file_backend
from mmengine.visualization import (LocalVisBackend, TensorboardVisBackend,
                                    WandbVisBackend)
from mmengine.visualization.vis_backend import force_init_env

from mmgen.registry import VISBACKENDS
from mmgen.visualization.grid import as_rgb_picture


def plain_scalars(scalars: dict[str, Any],
                  keep_text: bool = False) -> dict[str, int | float | str]:
    """The entries that are one number, as Python numbers.

    Tracking services refuse a tensor or a string among the scalars; what
    they cannot take is left out.

    Args:
        scalars: Names to numbers, one-element tensors or arrays, or anything
            else.
        keep_text: Whether strings stay.
    """
    accepted = (int, float, str) if keep_text else (int, float)
    plain = {}
    for name, value in scalars.items():
        if isinstance(value, (torch.Tensor, np.ndarray, np.generic)) \
                and np.prod(value.shape) == 1:
            value = value.item()
        if isinstance(value, accepted):
            plain[name] = value
    return plain


@VISBACKENDS.register_module()
class GenVisBackend(LocalVisBackend):
    """Files: pictures as PNG, scalars as JSON lines, the config as Python.

    Below ``save_dir`` lie ``<img_save_dir>/<name>_<step>.png``,
    ``scalar_save_file`` and ``config_save_file``.

    Args:
        save_dir: Folder of the files.
        img_save_dir: Folder of the pictures, below ``save_dir``.
        config_save_file: Name of the config's file.
        scalar_save_file: Name of the scalars' file.
        ceph_path: Place to which every file is copied through
            ``mmengine.fileio``, with the same path as it has below
            ``save_dir``: an ``s3://`` or ``petrel://`` address, or a folder.
            Pictures and the config are copied when they are written, the
            scalars when the backend is closed. None for no copy.
        delete_local_image: Whether a picture is removed here once it has been
            copied.

    Raises:
        ImportError: ``ceph_path`` needs a client that is not installed.
    """

    def __init__(self,
                 save_dir: str,
                 img_save_dir: str = 'vis_image',
                 config_save_file: str = 'config.py',
                 scalar_save_file: str = 'scalars.json',
                 ceph_path: str | None = None,
                 delete_local_image: bool = True) -> None:
        super().__init__(save_dir, img_save_dir, config_save_file,
                         scalar_save_file)
        self._ceph_path = ceph_path
        self._delete_local_image = delete_local_image
        self._remote = None if ceph_path is None else _remote(ceph_path)
        self._scalar_files: set[str] = set()

    @force_init_env
    def add_config(self, config: Config, **kwargs: Any) -> None:
        super().add_config(config, **kwargs)
        self._copy(self._config_save_file)

    @force_init_env
    def add_image(self,
                  name: str,
                  image: np.ndarray,
                  step: int = 0,
                  **kwargs: Any) -> None:
        """Write ``<name>_<step>.png``.

        Args:
            name: May have folders in it.
            image: RGB ``[H, W, 3]`` or grey; uint8, or float in [0, 255].
            step: Iteration.
        """
        path = osp.join(self._img_save_dir, f'{name}_{step}.png')
        os.makedirs(osp.dirname(path), exist_ok=True)
        picture = as_rgb_picture(image, owner='GenVisBackend')
        written, data = cv2.imencode('.png', picture[..., ::-1])
        if not written:
            raise RuntimeError(
                f'GenVisBackend: OpenCV could not encode the picture {path}.')
        # Not cv2.imwrite, which reports a full disk by its return value only.
        with open(path, 'wb') as file:
            file.write(data.tobytes())
        self._copy(path)
        if self._remote is not None and self._delete_local_image:
            os.remove(path)

    def add_scalar(self,
                   name: str,
                   value: Any,
                   step: int = 0,
                   **kwargs: Any) -> None:
        """Add the line ``{name: value, "step": step}``."""
        self.add_scalars({name: value}, step, **kwargs)

    @force_init_env
    def add_scalars(self,
                    scalar_dict: dict,
                    step: int = 0,
                    file_path: str | None = None,
                    **kwargs: Any) -> None:
        """Add one line with all scalars.

        Args:
            scalar_dict: Names to values; what is neither a number nor a
                string is left out.
            step: Iteration; the line's ``step`` if it has none.
            file_path: Name of a second file for the same line, ``*.json``.
        """
        super().add_scalars(
            plain_scalars(scalar_dict, keep_text=True), step, file_path,
            **kwargs)
        self._scalar_files.add(self._scalar_save_file)
        if file_path is not None:
            self._scalar_files.add(osp.join(self._save_dir, file_path))

    def close(self) -> None:
        """Copy the scalars."""
        for path in sorted(self._scalar_files):
            self._copy(path)

    def _copy(self, path: str) -> None:
        if self._remote is not None:
            # Not copyfile_from_local, which makes no folders.
            with open(path, 'rb') as file:
                self._remote.put(
                    file.read(),
                    self._remote.join_path(
                        self._ceph_path, osp.relpath(path, self._save_dir)))


def _remote(ceph_path: str) -> Any:
    """The file backend behind an address."""
    try:
        return get_file_backend(ceph_path)
    except Exception as error:
        raise ImportError(
            f'GenVisBackend: ceph_path={ceph_path!r} needs a file backend '
            f'that is not usable here ({error}). Install its client or set '
            'ceph_path=None.') from error


@VISBACKENDS.register_module()
class TensorboardGenVisBackend(TensorboardVisBackend):
    """TensorBoard event files.

    Args:
        save_dir: Folder of the event files.
    """

    def __init__(self, save_dir: str) -> None:
        super().__init__(save_dir)

    def add_image(self,
                  name: str,
                  image: np.ndarray,
                  step: int = 0,
                  **kwargs: Any) -> None:
        """Record a picture: RGB or grey; uint8, or float in [0, 255]."""
        picture = as_rgb_picture(image, owner='TensorboardGenVisBackend')
        super().add_image(name, picture, step)

    def add_scalar(self,
                   name: str,
                   value: Any,
                   step: int = 0,
                   **kwargs: Any) -> None:
        """Record one number; anything else is left out."""
        for number in plain_scalars({name: value}).values():
            super().add_scalar(name, number, step)


@VISBACKENDS.register_module()
class WandbGenVisBackend(WandbVisBackend):
    """A run of Weights & Biases.

    Every row carries the iteration as ``iter``, so that the curves of a
    resumed run continue where the first one ended: choose ``iter`` as the x
    axis.

    Args:
        save_dir: Folder of the run's local files.
        init_kwargs: Arguments of ``wandb.init``.
        define_metric_cfg: Names of metrics to their summaries, or a list of
            arguments of ``wandb.define_metric``.
        commit: Whether each call makes a row of its own.
        log_code_name: Name of the artifact with the code.
        watch_kwargs: Arguments of ``wandb.watch``.
    """

    def __init__(self,
                 save_dir: str,
                 init_kwargs: dict | None = None,
                 define_metric_cfg: dict | list | None = None,
                 commit: bool = True,
                 log_code_name: str | None = None,
                 watch_kwargs: dict | None = None) -> None:
        super().__init__(save_dir, init_kwargs, define_metric_cfg, commit,
                         log_code_name, watch_kwargs)

    def add_image(self,
                  name: str,
                  image: np.ndarray,
                  step: int = 0,
                  **kwargs: Any) -> None:
        """Record a picture: RGB or grey; uint8, or float in [0, 255]."""
        picture = as_rgb_picture(image, owner='WandbGenVisBackend')
        run = self.experiment
        run.log({name: run.Image(picture), 'iter': step}, commit=self._commit)

    def add_scalar(self,
                   name: str,
                   value: Any,
                   step: int = 0,
                   **kwargs: Any) -> None:
        """Record one number; anything else is left out."""
        self.add_scalars({name: value}, step)

    def add_scalars(self,
                    scalar_dict: dict,
                    step: int = 0,
                    file_path: str | None = None,
                    **kwargs: Any) -> None:
        """Record the numbers of ``scalar_dict`` as one row."""
        row = plain_scalars(scalar_dict)
        if row:
            row.setdefault('iter', step)
            self.experiment.log(row, commit=self._commit)

    def close(self) -> None:
        """End the run."""
        if self._env_initialized:
            self.experiment.finish()
