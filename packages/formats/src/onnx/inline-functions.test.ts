import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { AttributeProto_AttributeType, ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { failure } from '../testing/failure.js';
import { decodeOnnx } from './decode.js';

type Model = MessageInitShape<typeof ModelProtoSchema>;

const { FLOAT, INT } = AttributeProto_AttributeType;
const standard = { domain: '', version: 18n };

/** A model of nodes and functions. */
const modelOf = (node: object[], functions: object[]): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [standard, { domain: 'own', version: 1n }],
      graph: { node },
      functions,
    } as Model),
  );

const own = (name: string, body: object): object => ({
  name,
  domain: 'own',
  input: ['x'],
  output: ['y'],
  opsetImport: [standard],
  ...body,
});
const call = (opType: string, input: string[], output: string[], more: object = {}): object => ({
  opType,
  domain: 'own',
  input,
  output,
  ...more,
});
const read = (node: object[], functions: object[]) =>
  decodeOnnx(modelOf(node, functions), { source: 'm.onnx' });
const shown = (node: object[], functions: object[]) =>
  read(node, functions).graph.nodes.map(({ opType, inputs, outputs }) => `${opType} ${inputs} -> ${outputs}`);

describe('functions of a model', () => {
  it('stand in the place of each call, with names of their own', () => {
    const twice = own('Twice', {
      node: [
        { opType: 'Relu', input: ['x'], output: ['h'] },
        { opType: 'Add', input: ['h', 'x'], output: ['y'] },
      ],
    });
    const found = shown([call('Twice', ['a'], ['b']), call('Twice', ['b'], ['h'])], [twice]);
    expect(found).toEqual([
      'Relu a -> Twice.1/h',
      'Add Twice.1/h,a -> b',
      'Relu b -> Twice.2/h',
      'Add Twice.2/h,b -> h',
    ]);
    expect(read([call('Twice', ['a'], ['b'])], [twice]).opsetImports).toEqual([{ domain: '', version: 18 }]);
  });

  it('take attributes of the call, their defaults, or none', () => {
    const leaky = own('Leaky', {
      attributeProto: [{ name: 'slope', type: FLOAT, f: 0.5 }],
      attribute: ['axis'],
      node: [
        {
          opType: 'A',
          input: ['x'],
          output: ['y'],
          attribute: [
            { name: 'alpha', type: FLOAT, refAttrName: 'slope' },
            { name: 'axis', type: INT, refAttrName: 'axis' },
            { name: 'other', type: INT, refAttrName: 'toString' },
          ],
        },
      ],
    });
    const attributesOf = (attribute: object[]) =>
      read([call('Leaky', ['a'], ['b'], { attribute })], [leaky]).graph.nodes[0]!.attributes;
    expect({ ...attributesOf([]) }).toEqual({ alpha: { kind: 'float', value: 0.5 } });
    expect({
      ...attributesOf([
        { name: 'slope', type: FLOAT, f: 2 },
        { name: 'axis', type: INT, i: 1n },
      ]),
    }).toEqual({ alpha: { kind: 'float', value: 2 }, axis: { kind: 'int', value: 1 } });
  });

  it('may hand an input on, and results may be left out', () => {
    const both = own('Both', {
      output: ['x', 'y'],
      node: [{ opType: 'Relu', input: ['x'], output: ['y'] }],
    });
    expect(shown([call('Both', ['a'], ['b'])], [both])).toEqual(['Relu a -> Both.1/y', 'Identity a -> b']);
  });

  it('are told apart by their overloads', () => {
    const one = own('F', { overload: 'one', node: [{ opType: 'Relu', input: ['x'], output: ['y'] }] });
    const two = own('F', { overload: 'two', node: [{ opType: 'Neg', input: ['x'], output: ['y'] }] });
    expect(shown([call('F', ['a'], ['b'], { overload: 'two' })], [one, two])).toEqual(['Neg a -> b']);
    expect(failure(() => read([call('F', ['a'], ['b'], { overload: 'three' })], [one])).message).toContain(
      "calls an overload of 'F', which is not there",
    );
  });

  it('are refused where they double without end, call themselves or mean other operators', () => {
    const doubling = Array.from({ length: 40 }, (_, i) =>
      own(`F${i}`, {
        node: [call(`F${i + 1}`, ['x'], ['h']), call(`F${i + 1}`, ['h'], ['y'])],
      }),
    );
    const start = performance.now();
    expect(failure(() => read([call('F0', ['a'], ['b'])], doubling)).message).toMatch(
      /functions call each other more than 32 deep|more than 100000 nodes/,
    );
    const short = doubling.slice(0, 25);
    expect(failure(() => read([call('F0', ['a'], ['b'])], short)).message).toMatch(
      /become more than 100000 nodes|out of proportion/,
    );
    expect(performance.now() - start).toBeLessThan(10_000);
    const itself = own('F', { node: [call('G', ['x'], ['y'])] });
    const back = own('G', { node: [call('F', ['x'], ['y'])] });
    expect(failure(() => read([call('F', ['a'], ['b'])], [itself, back])).message).toContain(
      "'F' calls itself",
    );
    const older = own('F', { opsetImport: [{ domain: '', version: 11n }], node: [] });
    expect(failure(() => read([call('F', ['a'], ['b'])], [older])).message).toContain(
      "the function 'F' means version 11 of the operators '', the model version 18",
    );
    expect(failure(() => read([], [itself, itself])).message).toContain("the function 'F' occurs twice");
  });
});
