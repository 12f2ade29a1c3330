import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onnxBackend, onnxExporter } from '@limbeck/backend-onnx';
import { savedModelExporter } from '@limbeck/backend-tfjs';
import type { ExportedFiles } from '@limbeck/core/backend';
import { completeOptions, type Host } from '@limbeck/core/host';
import { bindState, type Program } from '@limbeck/graph';
import { initialState } from '@limbeck/nn';
import { patternFill } from '@limbeck/testkit';
import { TracedTeacher } from '@limbeck/trainer';

/** Models whose exports other runtimes are tried with, by id, and their options. */
const models: readonly (readonly [id: string, options: Record<string, unknown>])[] = [
  ['resnet8x4', {}],
  ['MobileNetV2', {}],
  ['ShuffleV1', {}],
  ['ShuffleV2', {}],
  ['densenet121', {}],
  ['vgg8', {}],
  ['wrn_16_1', {}],
  ['vit', { width: 48, depth: 2, heads: 3, patch: 8 }],
];

const [classes, size, largest] = [10, 32, 5];

/**
 * Writes every model as ONNX in float32, float16 and int8 and as a SavedModel, with images and the logits that Limbeck has for
 * them: `NAME/image.bin`, `NAME/logits.bin`, float32, five images.
 *
 * @returns seconds that writing each model in float32 took
 */
export async function writeModels(folder: string, host: Host): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {};
  for (const [id, wanted] of models) {
    const backbone = host.get('backbones', id);
    const options = completeOptions(backbone, wanted);
    const program = (batch: number): Program => {
      const model = new TracedTeacher(
        { backbone, options },
        { prefix: 'student', image: [batch, 3, size, size], classes },
      );
      return bindState(model.program(['logits']), initialState(model.variables.values(), 1));
    };
    const image = patternFill('consumers', id, [largest, 3, size, size]);
    const executable = await onnxBackend.compile(program(largest), { threads: 1 });
    const { logits } = await executable.step({ image });
    const place = path.join(folder, id);
    write(path.join(place, 'image.bin'), bytesOf(image.data as Float32Array));
    write(path.join(place, 'logits.bin'), bytesOf(logits!.data as Float32Array));
    await executable.dispose();
    const started = performance.now();
    write(path.join(place, 'float32.onnx'), onnxExporter.write(program(1), {}));
    seconds[id] = (performance.now() - started) / 1000;
    write(
      path.join(place, 'float16.onnx'),
      onnxExporter.write(program(1), { options: { dtype: 'float16' } }),
    );
    write(path.join(place, 'saved'), savedModelExporter.write(program(1), {}));
    // a vision transformer has no convolution but the first
    if (id === 'vit') continue;
    const calibration = { batches: [{ image }] };
    const ready = await onnxExporter.calibrate(program(largest), { calibration });
    write(path.join(place, 'int8.onnx'), ready.write());
  }
  return seconds;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function write(target: string, files: ExportedFiles): void {
  const named = files instanceof Uint8Array ? { '': files } : files;
  for (const [name, content] of Object.entries(named)) {
    const file = path.join(target, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
