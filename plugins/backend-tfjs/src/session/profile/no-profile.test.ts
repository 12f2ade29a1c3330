import { expect, test } from 'vitest';
import { noPrimitives, oneDnnFault } from './no-profile.js';
import { profileSession } from './profile-session.js';

test.each([
  ['arm64', 'which TensorFlow does not use on this processor (arm64)'],
  ['x64', 'which computes none of them'],
])('an empty log on %s is explained', (arch, why) => {
  expect(noPrimitives('student', arch)).toMatchObject({
    code: 'BACKEND_UNSUPPORTED',
    message: `there are no times of the operations of 'student': they are read from the log of oneDNN, ${why}`,
    hint: expect.stringContaining("the backend 'onnx'"),
  });
});

test.each([
  [undefined, undefined],
  ['1', undefined],
  ['0', 'TF_ENABLE_ONEDNN_OPTS=0 turns off'],
  ['False', 'TF_ENABLE_ONEDNN_OPTS=False turns off'],
])('TF_ENABLE_ONEDNN_OPTS=%s', (value, said) => {
  const fault = oneDnnFault('student', { TF_ENABLE_ONEDNN_OPTS: value });
  if (said === undefined) expect(fault).toBeUndefined();
  else expect(fault).toMatchObject({ message: expect.stringContaining(said), code: 'BACKEND_UNSUPPORTED' });
});

test('on a GPU no process is started', async () => {
  const what = { name: 'student', model: {} as never, state: new Map(), feeds: {}, steps: 1 };
  await expect(profileSession({ gpu: true }, what)).rejects.toMatchObject({
    code: 'BACKEND_UNSUPPORTED',
    message: expect.stringContaining("there are no times of the operations of 'student'"),
    hint: expect.stringContaining('nsys'),
  });
});
