"""Models that are known by name. Weights are loaded by ``load_state_dict``; none are downloaded.

Vision models have the names and shapes of torchvision, language models those of Hugging Face, so that their files fit.
"""

from weft._missing import missing_names
from weft.models.alexnet import AlexNet, alexnet
from weft.models.bert import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel
from weft.models.cifar_resnet import CifarResNet, cifar_resnet20
from weft.models.convnext import ConvNeXt, convnext_base, convnext_small, convnext_tiny
from weft.models.dcgan import DCGANDiscriminator, DCGANGenerator
from weft.models.ddpm import DDPMUNet, DiffusionSchedule
from weft.models.densenet import DenseNet, densenet121, densenet161, densenet169, densenet201
from weft.models.detection_metrics import mean_average_precision
from weft.models.efficientnet import (
    EfficientNet,
    efficientnet_b0,
    efficientnet_b1,
    efficientnet_b2,
    efficientnet_b3,
    efficientnet_b4,
)
from weft.models.generation import KeyValueCache, choose_token
from weft.models.gpt2 import GPT2Config, GPT2LMHeadModel, GPT2Model
from weft.models.graphs import GAT, GCN, GATConv, GCNConv
from weft.models.lenet import LeNet
from weft.models.llama import LlamaConfig, LlamaForCausalLM, LlamaModel
from weft.models.lstm_language_model import LSTMLanguageModel
from weft.models.mobilenetv2 import MobileNetV2, mobilenet_v2
from weft.models.mobilenetv3 import MobileNetV3, mobilenet_v3_large, mobilenet_v3_small
from weft.models.recommenders import DLRM, MatrixFactorization, ranking_loss
from weft.models.reinforcement import DQN, ActorCritic, ReplayBuffer, actor_critic_loss, advantages, dqn_loss
from weft.models.resnet import (
    ResNet,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    resnext50_32x4d,
    resnext101_32x8d,
    resnext101_64x4d,
    wide_resnet50_2,
    wide_resnet101_2,
)
from weft.models.retinanet import RetinaNet, retinanet_resnet50_fpn
from weft.models.silero_vad import SileroVAD
from weft.models.swin import SwinTransformer, swin_b, swin_s, swin_t
from weft.models.t5 import T5Config, T5ForConditionalGeneration
from weft.models.unet import UNet
from weft.models.vae import VAE, vae_loss
from weft.models.vgg import VGG, vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn
from weft.models.vision_transformer import VisionTransformer, vit_b_16, vit_b_32, vit_l_16
from weft.models.wav2vec2 import Wav2Vec2Config, Wav2Vec2ForCTC, Wav2Vec2Model, ctc_greedy_decode

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = [
    "ActorCritic",
    "AlexNet",
    "BertConfig",
    "BertForMaskedLM",
    "BertForSequenceClassification",
    "BertModel",
    "CifarResNet",
    "ConvNeXt",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "DDPMUNet",
    "DLRM",
    "DQN",
    "DenseNet",
    "DiffusionSchedule",
    "EfficientNet",
    "GAT",
    "GATConv",
    "GCN",
    "GCNConv",
    "GPT2Config",
    "GPT2LMHeadModel",
    "GPT2Model",
    "KeyValueCache",
    "LSTMLanguageModel",
    "LeNet",
    "LlamaConfig",
    "LlamaForCausalLM",
    "LlamaModel",
    "MatrixFactorization",
    "MobileNetV2",
    "MobileNetV3",
    "ReplayBuffer",
    "ResNet",
    "RetinaNet",
    "SileroVAD",
    "SwinTransformer",
    "T5Config",
    "T5ForConditionalGeneration",
    "UNet",
    "VAE",
    "VGG",
    "VisionTransformer",
    "Wav2Vec2Config",
    "Wav2Vec2ForCTC",
    "Wav2Vec2Model",
    "actor_critic_loss",
    "advantages",
    "alexnet",
    "choose_token",
    "cifar_resnet20",
    "convnext_base",
    "convnext_small",
    "convnext_tiny",
    "ctc_greedy_decode",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "dqn_loss",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
    "efficientnet_b4",
    "mean_average_precision",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
    "ranking_loss",
    "resnet101",
    "resnet152",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "resnext50_32x4d",
    "retinanet_resnet50_fpn",
    "swin_b",
    "swin_s",
    "swin_t",
    "vae_loss",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
    "vit_b_16",
    "vit_b_32",
    "vit_l_16",
    "wide_resnet101_2",
    "wide_resnet50_2",
]
