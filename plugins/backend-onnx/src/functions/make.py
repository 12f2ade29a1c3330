"""Writes the model with functions of its own that functions.test.ts reads.

    python make.py

Made with onnx 1.23 and onnxscript 0.7.
"""

from pathlib import Path

import onnx
import onnxscript
from onnxscript import FLOAT
from onnxscript import opset18 as op

own = onnxscript.values.Opset("example", 1)


@onnxscript.script(own)
def Relu6(x):
    zero = op.CastLike(op.Constant(value_float=0.0), x)
    six = op.CastLike(op.Constant(value_float=6.0), x)
    return op.Min(op.Max(x, zero), six)


@onnxscript.script(own)
def HardSwish(x):
    three = op.CastLike(op.Constant(value_float=3.0), x)
    return x * Relu6(x + three) / (three + three)


@onnxscript.script(own)
def Leaky(x, slope: float = 0.01):
    return op.LeakyRelu(x, alpha=slope)


@onnxscript.script(own)
def Bounded(x):
    largest = op.ReduceMax(x, keepdims=0)
    if largest > 1.0:
        y = x / largest
    else:
        y = op.Identity(x)
    return y


@onnxscript.script(default_opset=op)
def network(x: FLOAT["n", 3]) -> FLOAT["n", 3]:
    y = HardSwish(x)
    z = Leaky(y, slope=0.25)
    return Bounded(HardSwish(Leaky(z)))


onnx.save(network.to_model_proto(), Path(__file__).parent / "functions.onnx")
