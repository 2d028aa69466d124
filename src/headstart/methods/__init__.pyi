"""Written by tools/index_methods.py: the methods by name, for editors and mypy."""

from headstart.methods.inputs.domains.adda import ADDA as ADDA
from headstart.methods.inputs.domains.cdan import CDAN as CDAN
from headstart.methods.inputs.domains.coral import CORAL as CORAL
from headstart.methods.inputs.domains.dan import DAN as DAN
from headstart.methods.inputs.domains.dann import DANN as DANN
from headstart.methods.inputs.domains.deep_coral import DeepCORAL as DeepCORAL
from headstart.methods.inputs.domains.deepjdot import DeepJDOT as DeepJDOT
from headstart.methods.inputs.domains.domain_norm import DomainNorm as DomainNorm
from headstart.methods.inputs.domains.entropy_minimisation import EntropyMinimisation as EntropyMinimisation
from headstart.methods.inputs.domains.importance_weighting import ImportanceWeighting as ImportanceWeighting
from headstart.methods.inputs.domains.jan import JAN as JAN
from headstart.methods.inputs.domains.mcc import MCC as MCC
from headstart.methods.inputs.domains.mcd import MCD as MCD
from headstart.methods.inputs.domains.optimal_transport import OptimalTransport as OptimalTransport
from headstart.methods.inputs.domains.self_training import SelfTraining as SelfTraining
from headstart.methods.inputs.domains.shot import SHOT as SHOT
from headstart.methods.inputs.domains.source_only import SourceOnly as SourceOnly
from headstart.methods.inputs.domains.subspace_alignment import SubspaceAlignment as SubspaceAlignment
from headstart.methods.inputs.domains.tradaboost import TrAdaBoost as TrAdaBoost
from headstart.methods.inputs.domains.weighted_probe import WeightedProbe as WeightedProbe
from headstart.methods.inputs.prompting.learned_context import LearnedContext as LearnedContext
from headstart.methods.inputs.prompting.pixel_prompts import PixelPrompts as PixelPrompts
from headstart.methods.inputs.prompting.token_prompts import TokenPrompts as TokenPrompts
from headstart.methods.inputs.streams.cotta import CoTTA as CoTTA
from headstart.methods.inputs.streams.eata import Eata as Eata
from headstart.methods.inputs.streams.lame import Lame as Lame
from headstart.methods.inputs.streams.norm import Norm as Norm
from headstart.methods.inputs.streams.rdumb import RDumb as RDumb
from headstart.methods.inputs.streams.sar import SAR as SAR
from headstart.methods.inputs.streams.tent import Tent as Tent
from headstart.methods.inputs.translation.cycada import CyCADA as CyCADA
from headstart.methods.inputs.translation.cyclegan import CycleGAN as CycleGAN
from headstart.methods.mapping.adapters.bottleneck_adapters import BottleneckAdapters as BottleneckAdapters
from headstart.methods.mapping.adapters.conv_adapters import ConvAdapters as ConvAdapters
from headstart.methods.mapping.adapters.ia3 import IA3 as IA3
from headstart.methods.mapping.adapters.lora import LoRA as LoRA
from headstart.methods.mapping.adapters.prefix_tokens import PrefixTokens as PrefixTokens
from headstart.methods.mapping.distillation.attention_transfer import AttentionTransfer as AttentionTransfer
from headstart.methods.mapping.distillation.decoupled_distillation import (
    DecoupledDistillation as DecoupledDistillation,
)
from headstart.methods.mapping.distillation.distillation import Distillation as Distillation
from headstart.methods.mapping.distillation.feature_distillation import (
    FeatureDistillation as FeatureDistillation,
)
from headstart.methods.mapping.distillation.label_transfer import LabelTransfer as LabelTransfer
from headstart.methods.mapping.distillation.relational_distillation import (
    RelationalDistillation as RelationalDistillation,
)
from headstart.methods.mapping.distillation.self_distillation import SelfDistillation as SelfDistillation
from headstart.methods.mapping.finetuning.bitfit import BitFit as BitFit
from headstart.methods.mapping.finetuning.delta import Delta as Delta
from headstart.methods.mapping.finetuning.fine_tune import FineTune as FineTune
from headstart.methods.mapping.finetuning.gradual_unfreezing import GradualUnfreezing as GradualUnfreezing
from headstart.methods.mapping.finetuning.l2_sp import L2SP as L2SP
from headstart.methods.mapping.finetuning.lpft import LPFT as LPFT
from headstart.methods.mapping.finetuning.norm_tuning import NormTuning as NormTuning
from headstart.methods.mapping.finetuning.reinit import Reinit as Reinit
from headstart.methods.mapping.finetuning.setfit import SetFit as SetFit
from headstart.methods.mapping.finetuning.soup import Soup as Soup
from headstart.methods.mapping.finetuning.stochastic_depth import StochasticDepth as StochasticDepth
from headstart.methods.mapping.finetuning.surgical import Surgical as Surgical
from headstart.methods.mapping.finetuning.wise_ft import WiSEFT as WiSEFT
from headstart.methods.mapping.joint.multi_task import MultiTask as MultiTask
from headstart.methods.mapping.pretraining.autoencoder import Autoencoder as Autoencoder
from headstart.methods.mapping.pretraining.barlow_twins import BarlowTwins as BarlowTwins
from headstart.methods.mapping.pretraining.byol import BYOL as BYOL
from headstart.methods.mapping.pretraining.clip import Clip as Clip
from headstart.methods.mapping.pretraining.colourisation import Colourisation as Colourisation
from headstart.methods.mapping.pretraining.denoising_autoencoder import (
    DenoisingAutoencoder as DenoisingAutoencoder,
)
from headstart.methods.mapping.pretraining.dino import DINO as DINO
from headstart.methods.mapping.pretraining.from_scratch import FromScratch as FromScratch
from headstart.methods.mapping.pretraining.jigsaw import Jigsaw as Jigsaw
from headstart.methods.mapping.pretraining.masked_imputation import MaskedImputation as MaskedImputation
from headstart.methods.mapping.pretraining.moco import MoCo as MoCo
from headstart.methods.mapping.pretraining.pretrain_fine_tune import PretrainFineTune as PretrainFineTune
from headstart.methods.mapping.pretraining.relative_position import RelativePosition as RelativePosition
from headstart.methods.mapping.pretraining.relative_rotation import RelativeRotation as RelativeRotation
from headstart.methods.mapping.pretraining.rotation import Rotation as Rotation
from headstart.methods.mapping.pretraining.same_or_not import SameOrNot as SameOrNot
from headstart.methods.mapping.pretraining.scarf import SCARF as SCARF
from headstart.methods.mapping.pretraining.simclr import SimCLR as SimCLR
from headstart.methods.mapping.pretraining.simcse import SimCSE as SimCSE
from headstart.methods.mapping.pretraining.simsiam import SimSiam as SimSiam
from headstart.methods.mapping.pretraining.supervised import SupervisedPretraining as SupervisedPretraining
from headstart.methods.mapping.pretraining.supervised_contrastive import (
    SupervisedContrastive as SupervisedContrastive,
)
from headstart.methods.mapping.pretraining.variational_autoencoder import (
    VariationalAutoencoder as VariationalAutoencoder,
)
from headstart.methods.mapping.pretraining.vicreg import VICReg as VICReg
from headstart.methods.mapping.robust.group_balanced import GroupBalanced as GroupBalanced
from headstart.methods.mapping.robust.group_dro import GroupDRO as GroupDRO
from headstart.methods.mapping.trees.catboost import CatBoost as CatBoost
from headstart.methods.mapping.trees.extra_trees import ExtraTrees as ExtraTrees
from headstart.methods.mapping.trees.gradient_boosting import GradientBoosting as GradientBoosting
from headstart.methods.mapping.trees.lightgbm import LightGBM as LightGBM
from headstart.methods.mapping.trees.random_forest import RandomForest as RandomForest
from headstart.methods.mapping.trees.stacking import Stacking as Stacking
from headstart.methods.mapping.trees.xgboost import XGBoost as XGBoost
from headstart.methods.mapping.words.tf_idf import TfIdf as TfIdf
from headstart.methods.outputs.in_context.in_context import InContext as InContext
from headstart.methods.outputs.probing.knn import KNN as KNN
from headstart.methods.outputs.probing.label_mapping import LabelMapping as LabelMapping
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe as LogisticProbe
from headstart.methods.outputs.probing.nearest_centroid import NearestCentroid as NearestCentroid
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe as RidgeProbe
