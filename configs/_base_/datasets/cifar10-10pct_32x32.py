# Training on a tenth of CIFAR-10's training images, 500 of each class. The
# metrics still compare with all 50000.
_base_ = 'cifar10_32x32.py'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='SubsetDataset',
        share=0.1,
        dataset={{_base_.dataset}}))
