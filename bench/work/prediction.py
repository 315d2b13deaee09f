"""Contestants for predicting the classes of bytes with 784-128-10, all of the same, random parameters."""

import numpy as np
from bench.work.data import Clock, training


def flops(count, repeat):
    """Count those of one call."""
    return count * 2 * (784 * 128 + 128 * 10)


def parameters():
    """Draw those that all contestants use."""
    rng = np.random.default_rng(0)
    return [rng.normal(0, 0.05, shape).astype(np.float32) for shape in ((128, 784), (128,), (10, 128), (10,))]


def contestants(count, repeat):
    """Return those that predict a number of images at a time, repeated until it can be timed."""

    def timed(predict):
        images = np.ascontiguousarray(training()[0][:count])

        def run():
            clock = Clock()
            for _ in range(repeat):
                predict(images)
            return {"seconds": clock() / repeat}

        return run

    def handgrad(threads):
        import handgrad as hg

        network = hg.Network([hg.Dense(128), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
        w1, b1, w2, b2 = parameters()
        first, _, last = network.parameters
        first.weights[...], first.biases[...], last.weights[...], last.biases[...] = w1, b1, w2, b2
        network.scaling = hg.Scaling.of_bytes()
        return timed(network.predict)

    def pytorch(threads):
        import torch

        torch.set_num_threads(threads)
        model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
        with torch.no_grad():
            for ours, theirs in zip(parameters(), model.parameters(), strict=True):
                theirs.copy_(torch.from_numpy(ours))

        def predict(images):
            with torch.inference_mode():
                return model(torch.from_numpy(images).float().div_(255)).argmax(1).numpy()

        return timed(predict)

    def scikit_learn(threads):
        import warnings

        from sklearn.neural_network import MLPClassifier

        warnings.simplefilter("ignore")  # that one step does not converge
        model = MLPClassifier((128,), max_iter=1).fit(np.eye(10, 784, dtype=np.float32), np.arange(10))
        w1, b1, w2, b2 = parameters()
        model.coefs_, model.intercepts_ = [w1.T.copy(), w2.T.copy()], [b1, b2]
        return timed(lambda images: model.predict(np.divide(images, 255, dtype=np.float32)))

    def onnx(threads):
        import onnxruntime
        from onnx import helper, numpy_helper

        w1, b1, w2, b2 = parameters()
        named = {"w1": w1 / 255, "b1": b1, "w2": w2, "b2": b2}
        graph = helper.make_graph(
            [
                helper.make_node("Cast", ["images"], ["x"], to=1),
                helper.make_node("Gemm", ["x", "w1", "b1"], ["z"], transB=1),
                helper.make_node("Relu", ["z"], ["h"]),
                helper.make_node("Gemm", ["h", "w2", "b2"], ["logits"], transB=1),
                helper.make_node("ArgMax", ["logits"], ["classes"], axis=1, keepdims=0),
            ],
            "mlp",
            [helper.make_tensor_value_info("images", 2, [None, 784])],
            [helper.make_tensor_value_info("classes", 7, [None])],
            [numpy_helper.from_array(array, name) for name, array in named.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return timed(lambda images: session.run(None, {"images": images}))

    return {"handgrad": handgrad, "PyTorch": pytorch, "scikit-learn": scikit_learn, "onnxruntime": onnx}
