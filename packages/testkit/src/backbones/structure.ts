import { ancestors, formatShape, Graph, program, type Shape, sameShape, verify } from '@limbeck/graph';
import { type Mode, Scope, Trace } from '@limbeck/nn';
import { nonconformance } from '../conformance/case.js';
import type { BackboneCase, BackboneSubject } from './case.js';
import { type BackboneTrace, parameterCount, tapShapes, traceBackbone } from './trace.js';

const batch = 2;

const traced = (
  { backbone, options, classes }: BackboneSubject,
  image: readonly [number, number, number],
  mode: Mode,
): BackboneTrace => traceBackbone(backbone, { image: [batch, ...image], classes, mode, options });

/** Cases that trace the backbone and compute nothing. */
export function structureCases(
  subject: BackboneSubject,
  published: {
    readonly images: readonly (readonly [number, number, number])[];
    readonly parameters: number | undefined;
    readonly taps: Readonly<Record<string, Shape>> | undefined;
  },
): BackboneCase[] {
  const { images, parameters, taps } = published;
  const sync = (name: string, check: () => void): BackboneCase => ({ name, run: async () => check() });
  return [
    ...(parameters === undefined
      ? []
      : [sync('published/parameters', () => sameParameters(subject, parameters))]),
    ...(taps === undefined ? [] : [sync('published/taps', () => sameTaps(subject, taps))]),
    ...images.map((image) => sync(`images/${image.join('x')}`, () => takes(subject, image))),
    sync('variables/the same in training and evaluation', () => sameVariables(subject)),
    sync('classifier/reads the embedding and nothing else', () => classifierIsApart(subject)),
    sync('taps/stages are counted from 1, each a map of the batch', () => stagesAreMaps(subject)),
    sync('training/gradients reach every parameter', () => parametersAreReached(subject)),
    sync('training/every buffer gets a new value', () => buffersAreUpdated(subject)),
  ];
}

function sameParameters(subject: BackboneSubject, expected: number): void {
  const count = parameterCount(traced(subject, subject.image, 'eval'));
  if (count !== expected) throw nonconformance(`it has ${count} parameters, ${expected} are published`);
}

function sameTaps(subject: BackboneSubject, expected: Readonly<Record<string, Shape>>): void {
  const shapes = tapShapes(traced(subject, subject.image, 'eval'));
  const differing = [...new Set([...Object.keys(shapes), ...Object.keys(expected)])].filter(
    (tap) => shapes[tap] === undefined || !sameShape(shapes[tap], expected[tap] ?? []),
  );
  if (differing.length === 0) return;
  const described = (tap: string, all: Readonly<Record<string, Shape>>) =>
    all[tap] === undefined ? 'missing' : formatShape(all[tap]);
  const list = differing.map(
    (tap) => `'${tap}' is ${described(tap, shapes)}, expected ${described(tap, expected)}`,
  );
  throw nonconformance(`taps differ: ${list.join('; ')}`);
}

/** Embeddings of one width whatever the size, logits for every image, a program that verifies. */
function takes(subject: BackboneSubject, image: readonly [number, number, number]): void {
  const width = traced(subject, subject.image, 'eval').embedding.shape.at(-1);
  for (const mode of ['eval', 'train'] as const) {
    const { embedding, logits, taps, trace } = traced(subject, image, mode);
    for (const [name, { shape }, expected] of [
      ['embedding', embedding, [batch, width!]],
      ['logits', logits, [batch, subject.classes]],
    ] as const) {
      if (sameShape(shape, expected)) continue;
      throw nonconformance(
        `${name} of images ${formatShape([batch, ...image])} in mode '${mode}' is ${formatShape(shape)}, expected ${formatShape(expected)}`,
      );
    }
    const astray = [...taps].find(([, { shape }]) => shape[0] !== batch || shape.includes(0));
    if (astray !== undefined) {
      const [name, { shape }] = astray;
      throw nonconformance(
        `tap '${name}' of images ${formatShape([batch, ...image])} is ${formatShape(shape)}: its first axis must be the batch, and none empty`,
      );
    }
    verify(program({ name: subject.backbone.id, outputs: new Map(taps), updates: trace.updates }));
  }
}

function sameVariables(subject: BackboneSubject): void {
  const listed = (mode: Mode) =>
    [...traced(subject, subject.image, mode).trace.variables.values()].map(
      ({ name, kind, tensor }) => `${kind} ${name} ${formatShape(tensor.shape)}`,
    );
  const [training, evaluation] = [listed('train'), listed('eval')];
  const other = training.find((line, i) => line !== evaluation[i]) ?? evaluation[training.length];
  if (other === undefined) return;
  throw nonconformance(
    `training and evaluation differ in '${other}': a checkpoint of one would not fit the other`,
  );
}

/** The classifier on another embedding: no variables of its own for it, nothing of the image. */
function classifierIsApart({ backbone, options, image, classes }: BackboneSubject): void {
  const graph = new Graph();
  const trace = new Trace(graph, { prefix: '', mode: 'eval' });
  const root = new Scope(trace);
  const pixels = graph.input('image', [batch, ...image]);
  const embedding = backbone.encode(root, pixels, options);
  backbone.classify(root, embedding, classes, options);
  const count = trace.variables.size;
  const other = graph.input('embedding', embedding.shape);
  const logits = backbone.classify(root, other, classes, options);
  if (trace.variables.size !== count) {
    const [added] = [...trace.variables.keys()].slice(count);
    throw nonconformance(`the classifier makes a new variable '${added}' when it is called again`);
  }
  const reached = ancestors([logits], { throughComposites: true });
  if (reached.includes(pixels)) throw nonconformance('the classifier reads more than the embedding');
  if (!reached.includes(other)) throw nonconformance('the classifier does not read the embedding');
}

function stagesAreMaps(subject: BackboneSubject): void {
  const { taps } = traced(subject, subject.image, 'eval');
  const stages = [...taps.keys()].filter((tap) => /^stage\d+$/.test(tap));
  for (const [i, tap] of [...stages].sort().entries()) {
    const { shape } = taps.get(tap)!;
    if (tap !== `stage${i + 1}`) throw nonconformance(`there is a tap '${tap}' and no 'stage${i + 1}'`);
    if (shape.length !== 4)
      throw nonconformance(`tap '${tap}' must be a map [N, C, H, W], not ${formatShape(shape)}`);
  }
}

/** From the logits, or from a tap like them: a head that only a distiller trains. */
function parametersAreReached(subject: BackboneSubject): void {
  const { logits, taps, trace } = traced(subject, subject.image, 'train');
  const heads = [...taps.values()].filter(({ shape }) => sameShape(shape, logits.shape));
  const reached = new Set(ancestors(heads, { throughComposites: true }));
  const idle = [...trace.variables.values()].find(
    ({ kind, tensor }) => kind === 'parameter' && !reached.has(tensor),
  );
  if (idle !== undefined) throw nonconformance(`nothing that the logits need reads '${idle.name}'`);
}

function buffersAreUpdated(subject: BackboneSubject): void {
  const { trace } = traced(subject, subject.image, 'train');
  const idle = [...trace.variables.values()].find(
    ({ kind, stateName }) => kind === 'buffer' && !trace.updates.has(stateName),
  );
  if (idle !== undefined) throw nonconformance(`training never changes the buffer '${idle.name}'`);
}
