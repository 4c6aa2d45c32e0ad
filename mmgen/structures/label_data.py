"""The class label of one sample."""
import torch
from mmengine.structures import LabelData as _LabelData


class LabelData(_LabelData):
    """MMEngine's label data, cheap to send from a data worker.

    A tensor that goes from one process to another costs a shared memory
    handle, one per sample for a label of eight bytes. Labels that live on the
    CPU are therefore pickled as numpy arrays.
    """

    def __reduce__(self):
        data = {
            key: value.numpy() if _is_plain(value) else value
            for key, value in self.items()
        }
        return _rebuild, (type(self), self.metainfo, data)


def _is_plain(value: object) -> bool:
    return (isinstance(value, torch.Tensor) and value.device.type == 'cpu'
            and not value.requires_grad)


def _rebuild(cls: type, metainfo: dict, data: dict) -> LabelData:
    label = cls(metainfo=metainfo)
    for key, value in data.items():
        is_array = type(value).__module__ == 'numpy'
        setattr(label, key, torch.from_numpy(value) if is_array else value)
    return label
