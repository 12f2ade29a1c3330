"""Runs exported models in another runtime and compares its logits with those of Limbeck.

python consume.py FOLDER onnxruntime|openvino|opencv|tensorflow|tflite|ncnn

FOLDER is what `node packages/golden/dist/consumers/main.js FOLDER` wrote. One line is printed for each model, precision and batch:
the largest difference of a logit, relative to the largest logit, and whether the classes agree.
"""

import json
import pathlib
import subprocess
import sys

import numpy


def onnxruntime(file):
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})[0]


def openvino(file):
    import openvino as runtime

    # float32 as the others compute: some CPUs would take bfloat16 by themselves
    compiled = runtime.Core().compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda image: compiled([image])[0]


def opencv(file):
    import cv2

    net = cv2.dnn.readNetFromONNX(str(file))

    def run(image):
        net.setInput(image)
        return net.forward()

    return run


def tensorflow(file):
    import tensorflow as tf

    model = tf.saved_model.load(str(file))
    serve = model.signatures["serving_default"]
    return lambda image: serve(image=tf.constant(image))["logits"].numpy()


def tflite(file):
    import tensorflow as tf

    converted = tf.lite.TFLiteConverter.from_saved_model(str(file)).convert()
    interpreter = tf.lite.Interpreter(model_content=converted)

    def run(image):
        (given,) = interpreter.get_input_details()
        interpreter.resize_tensor_input(given["index"], image.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(given["index"], image)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    return run


def ncnn(file):
    import ncnn as runtime
    import pnnx

    stem = file.with_suffix("")
    command = [pnnx.EXEC_PATH, str(file), "inputshape=[1,3,32,32]", "fp16=0"]
    subprocess.run(command, cwd=file.parent, check=True, capture_output=True)
    net = runtime.Net()
    net.load_param(f"{stem}.ncnn.param")
    net.load_model(f"{stem}.ncnn.bin")

    def one(image):
        with net.create_extractor() as extractor:
            extractor.input("in0", runtime.Mat(image).clone())
            return numpy.array(extractor.extract("out0")[1])

    return lambda images: numpy.stack([one(image) for image in images])


def files_of(place, name):
    if name in ("tensorflow", "tflite"):
        return {"float32": place / "saved"}
    if name == "ncnn":
        return {"float32": place / "float32.onnx"}
    names = {precision: place / f"{precision}.onnx" for precision in ("float32", "float16", "int8")}
    return {precision: file for precision, file in names.items() if file.exists()}


def main(folder, name):
    for place in sorted(path for path in pathlib.Path(folder).iterdir() if path.is_dir()):
        image = numpy.fromfile(place / "image.bin", numpy.float32).reshape(-1, 3, 32, 32)
        logits = numpy.fromfile(place / "logits.bin", numpy.float32).reshape(len(image), -1)
        for precision, file in files_of(place, name).items():
            for batch in (1, 5):
                said = {"runtime": name, "model": place.name, "precision": precision, "batch": batch}
                try:
                    got = globals()[name](file)(image[:batch].copy())
                    wanted = logits[:batch]
                    said["relative"] = float(numpy.abs(got - wanted).max() / numpy.abs(wanted).max())
                    said["agreement"] = float((got.argmax(1) == wanted.argmax(1)).mean())
                except Exception as error:  # noqa: BLE001: what a runtime refuses is what is asked here
                    said["refused"] = str(error).strip().split("\n")[-1][:160]
                print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
