import {
  at,
  average,
  batchNorm,
  conv,
  divergence,
  dot,
  eigen,
  leaky,
  linear,
  made,
  type Numbers,
  nearest,
  ofRows,
  pooled,
  relu,
  rows,
  softmax,
  squaredDistances,
  total,
  transposedConv,
  unit,
} from './arrays.js';

/** What a formula is given: features such as `student.stage1`, and the method's own parameters. */
export interface Given {
  feature(name: string): Numbers;
  parameter(name: string): Numbers;
}

/** The summed loss terms of a method, times their published weights. */
export type Formula = (given: Given) => number;

const layer =
  ({ parameter }: Given, prefix: string) =>
  (name: string) =>
    parameter(`${prefix}.${name}`);
const stages = ({ feature }: Given, side: 'student' | 'teacher') =>
  ['stage1', 'stage2'].map((name) => feature(`${side}.${name}`));
const squaredError = (a: Numbers, b: Numbers) => average(squaredDistances(a, b));

/** The larger of two maps, averaged to the size of the smaller. */
function matched(a: Numbers, b: Numbers): [Numbers, Numbers] {
  const side = Math.min(a.shape[2]!, b.shape[2]!);
  return [pooled(a, side), pooled(b, side)];
}

/** Yang et al., ICLR 2021, eq. 2 and 5. */
export const srrl: Formula = (given) => {
  const { feature, parameter } = given;
  const projection = linear(feature('student.embedding'), parameter('projector.linear.weight'));
  const projected = relu(batchNorm(projection, layer(given, 'projector.bn')));
  const logits = linear(projected, feature('teacher.classifier.weight'), feature('teacher.classifier.bias'));
  return (
    squaredError(projected, feature('teacher.embedding')) + squaredError(logits, feature('teacher.logits'))
  );
};

/** Chen et al., AAAI 2021, eq. 6 to 9. */
export const semckd: Formula = (given) => {
  const [ours, theirs] = [stages(given, 'student'), stages(given, 'teacher')];
  const directions = (kind: string, maps: readonly Numbers[]) =>
    maps.map((map, i) => {
      const images = rows(map);
      const similarities = ofRows(images.map((a) => images.map((b) => dot(a, b))));
      const at1 = layer(given, `${kind}.${i}.linear1`);
      const at2 = layer(given, `${kind}.${i}.linear2`);
      const hidden = relu(linear(similarities, at1('weight'), at1('bias')));
      return rows(linear(hidden, at2('weight'), at2('bias'))).map(unit);
    });
  const [queries, keys] = [directions('query', ours), directions('key', theirs)];
  const regressed = (map: Numbers, i: number, j: number) => {
    const at = (name: string) => layer(given, `regressor.${i}.${j}.${name}`);
    const wide = relu(batchNorm(conv(map, at('conv1')('weight')), at('bn1')));
    const mixed = relu(batchNorm(conv(wide, at('conv2')('weight'), { padding: 1 }), at('bn2')));
    return conv(mixed, at('conv3')('weight'));
  };
  const batch = ours[0]!.shape[0]!;
  const terms = ours.flatMap((student, i) => {
    const errors = theirs.map((teacher, j) => {
      const [s, t] = matched(student, teacher);
      const [guesses, targets] = [regressed(s, i, j), t].map(rows) as [number[][], number[][]];
      return guesses.map((row, n) => average(row.map((x, k) => (x - targets[n]![k]!) ** 2)));
    });
    return Array.from({ length: batch }, (_, n) => {
      const attention = softmax(theirs.map((__, j) => dot(queries[i]![n]!, keys[j]![n]!)));
      return total(attention.map((share, j) => share * errors[j]![n]!));
    });
  });
  return 400 * average(terms);
};

/** Lee et al., ECCV 2018, by Jacobi's rotations. What sign a vector has is a convention: its largest element is positive. */
export const kdsvd: Formula = (given) => {
  const [student, teacher] = [stages(given, 'student'), stages(given, 'teacher')];
  const vectorsOf = (map: Numbers) => {
    const width = map.shape[3]!;
    return rows(map).map((image) => {
      const lines = rows({ shape: [image.length / width, width], data: image });
      const columns = Array.from({ length: width }, (_, c) => lines.map((line) => line[c]!));
      return eigen(columns.map((a) => columns.map((b) => dot(a, b)))).map(({ vector }) => {
        const largest = vector.reduce((a, x) => (Math.abs(x) > Math.abs(a) ? x : a));
        return vector.map((x) => x * Math.sign(largest));
      });
    });
  };
  const leading = student.map((map, i) => {
    const [s, t] = matched(map, teacher[i]!);
    const all = vectorsOf(s);
    return vectorsOf(t).map(([first], n) => {
      const cosines = all[n]!.slice(0, 4).map((vector) => dot(vector, first!));
      const best = cosines.reduce((a, x, k) => (Math.abs(x) > Math.abs(cosines[a]!) ? k : a), 0);
      return [all[n]![best]!.map((x) => x * Math.sign(cosines[best]!)), first!] as const;
    });
  });
  const relation = (late: number[], early: number[]) =>
    late.flatMap((a) => early.map((b) => Math.exp(-((a - b) ** 2) / 8)));
  const [early, late] = leading as [(typeof leading)[number], (typeof leading)[number]];
  return average(
    late.map(([s, t], n) => {
      const [ours, theirs] = [relation(s, early[n]![0]), relation(t, early[n]![1])];
      return total(ours.map((x, i) => (x - theirs[i]!) ** 2));
    }),
  );
};

/** Chen et al., CVPR 2021, sections 3.3 and 3.4. */
export const reviewkd: Formula = (given) => {
  const asMap = (x: Numbers): Numbers => ({ shape: [...x.shape, 1, 1], data: x.data });
  const levels = (side: 'student' | 'teacher') => [
    ...stages(given, side),
    asMap(given.feature(`${side}.embedding`)),
  ];
  const context = (a: Numbers, b: Numbers) => {
    const sides = [4, 2, 1].filter((side) => side < a.shape[2]!);
    const errors = sides.map((side, i) => squaredError(pooled(a, side), pooled(b, side)) / 2 ** (i + 1));
    return (squaredError(a, b) + total([0, ...errors])) / (2 - 2 ** -sides.length);
  };
  let carried: Numbers | undefined;
  let sum = 0;
  for (const level of [2, 1, 0]) {
    const [map, target] = [levels('student')[level]!, levels('teacher')[level]!];
    const at = (name: string) => layer(given, `fusion.${level}.${name}`);
    const own = batchNorm(conv(map, at('conv1')('weight')), at('bn1'));
    const mixed = carried === undefined ? own : attended(own, nearest(carried, sizeOf(own)), at('attention'));
    carried = nearest(mixed, sizeOf(target));
    sum += context(batchNorm(conv(carried, at('conv2')('weight'), { padding: 1 }), at('bn2')), target);
  }
  return 5 * sum;
};

const sizeOf = ({ shape }: Numbers): [number, number] => [shape[2]!, shape[3]!];

/** Two maps added, weighted at every position by the sigmoid of a 1x1 convolution of both. */
function attended(own: Numbers, other: Numbers, attention: (name: string) => Numbers): Numbers {
  const width = own.shape[1]!;
  return made(own.shape, (n, c, r, s) => {
    const gate = (which: number) => {
      let z = attention('bias').data[which]!;
      for (let i = 0; i < width; i++) {
        z += at(attention('weight'), which, i, 0, 0) * at(own, n!, i, r!, s!);
        z += at(attention('weight'), which, width + i, 0, 0) * at(other, n!, i, r!, s!);
      }
      return 1 / (1 + Math.exp(-z));
    };
    return gate(0) * at(own, n!, c!, r!, s!) + gate(1) * at(other, n!, c!, r!, s!);
  });
}

/** Three 3x3 convolutions with leaky ReLUs of slope 0.1, as places 0, 3 and 6 of a sequence. */
const coded = (given: Given, prefix: string, map: Numbers, normalized: boolean) =>
  [0, 3, 6].reduce((x, place) => {
    const at = layer(given, `${prefix}.${place}`);
    const y = conv(x, at('weight'), { padding: 1, bias: at('bias') });
    return leaky(normalized ? batchNorm(y, layer(given, `${prefix}.${place + 1}`)) : y);
  }, map);

/** Kim et al., NeurIPS 2018, section 3.1: the paraphraser's own loss. */
export const ftParaphraser: Formula = (given) => {
  const map = given.feature('teacher.stage2');
  const made = [0, 3, 6].reduce(
    (x, place) => {
      const at = layer(given, `paraphraser.decoder.${place}`);
      return leaky(transposedConv(x, at('weight'), at('bias')));
    },
    coded(given, 'paraphraser.encoder', map, false),
  );
  return squaredError(made, map);
};

/** Section 3.2: factors of the translator and of the paraphraser. */
export const ft: Formula = (given) => {
  const factors = matched(
    coded(given, 'translator.encoder', given.feature('student.stage2'), true),
    coded(given, 'paraphraser.encoder', given.feature('teacher.stage2'), false),
  ).map(({ shape, data }) => {
    const [batch, channels] = shape as [number, number];
    const area = data.length / batch / channels;
    return rows({ shape, data }).map((image) =>
      unit(
        Array.from({ length: area }, (_, i) =>
          average(Array.from({ length: channels }, (__, c) => image[c * area + i]! ** 2)),
        ),
      ),
    );
  });
  const [ours, theirs] = factors as [number[][], number[][]];
  return 200 * average(ours.flatMap((row, n) => row.map((x, i) => Math.abs(x - theirs[n]![i]!))));
};

/** Heo et al., AAAI 2019, eq. 5, through its connectors: from twice the teacher's size and from half of it. */
export const ab: Formula = (given) => {
  const [s, t] = [stages(given, 'student'), stages(given, 'teacher')];
  const at = (i: number) => layer(given, `connectors.${i}.conv`);
  const connected = [
    conv(s[0]!, at(0)('weight'), { stride: 2, padding: 1, bias: at(0)('bias') }),
    transposedConv(s[1]!, at(1)('weight'), at(1)('bias'), { stride: 2, padding: 1 }),
  ].map((map, i) => batchNorm(map, layer(given, `connectors.${i}.bn`)));
  const distances = connected.map((map, i) => {
    const missing = map.data.map((x, k) => Math.max(0, t[i]!.data[k]! > 0 ? 1 - x : x + 1) ** 2);
    return total(missing) / map.shape[0]!;
  });
  return 3e-3 * (distances[0]! / 2 + distances[1]!);
};

/**
 * Heo et al., ICCV 2019, eq. 1 and 4; margins are the means of this batch's negative responses. The teacher's map is pooled or
 * stretched to the student's size.
 */
export const ofd: Formula = (given) => {
  const teachers = stages(given, 'teacher');
  const distances = stages(given, 'student').map((map, i) => {
    const s = batchNorm(conv(map, given.parameter(`${i}.conv.weight`)), layer(given, `${i}.bn`));
    const teacher = teachers[i]!;
    const [batch, channels, h, w] = s.shape as [number, number, number, number];
    const t = teacher.shape[2]! < h ? nearest(teacher, [h, w]) : pooled(teacher, h);
    const positions = teacher.shape[2]! * teacher.shape[3]!;
    const margins = Array.from({ length: channels }, (_, c) => {
      const negative = teacher.data.filter((x, k) => Math.floor(k / positions) % channels === c && x < 0);
      return negative.length === 0 ? 0 : average(negative);
    });
    const parts = s.data.map((x, k) => {
      const y = t.data[k]!;
      const margin = margins[Math.floor(k / h / w) % channels]!;
      if (y > 0) return (x - y) ** 2;
      const target = Math.max(y, margin);
      return x > target ? (x - target) ** 2 : 0;
    });
    return total(parts) / batch;
  });
  return 1e-3 * (distances[0]! / 2 + distances[1]!);
};

/** Lv et al., NeurIPS 2024, eq. 9, behind a 3x3 convolution of stride 2. */
export const wkdF: Formula = (given) => {
  const at = layer(given, 'regressor.conv');
  const convolved = conv(given.feature('student.stage2'), at('weight'), {
    stride: 2,
    padding: 1,
    bias: at('bias'),
  });
  const gaussians = (map: Numbers) => {
    const [batch, channels] = map.shape as [number, number];
    return rows({ shape: [batch * channels], data: map.data }).map((plane) => {
      const mean = average(plane);
      const variance = total(plane.map((x) => (x - mean) ** 2)) / (plane.length - 1);
      return [mean, Math.sqrt(variance + 1e-5)] as const;
    });
  };
  const ours = gaussians(relu(batchNorm(convolved, layer(given, 'regressor.bn'))));
  const teacher = given.feature('teacher.stage2');
  const theirs = gaussians(teacher);
  const distance = (part: 0 | 1) => total(ours.map((of, i) => (of[part] - theirs[i]![part]) ** 2));
  return (0.08 / teacher.shape[0]!) * (4 * distance(0) + distance(1));
};

const transposed = (matrix: readonly (readonly number[])[]) =>
  matrix[0]!.map((_, c) => matrix.map((row) => row[c]!));
const centred = (values: readonly number[], epsilon: number) => {
  const mean = average(values);
  const deviation = Math.sqrt(average(values.map((x) => (x - mean) ** 2)) + epsilon);
  return values.map((x) => (x - mean) / deviation);
};
const klOf = ({ feature }: Given) => divergence(feature('student.logits'), feature('teacher.logits'));

/** Miles and Mikolajczyk, AAAI 2024, sections 3.2 and 3.3. */
export const srd: Formula = (given) => {
  const at = layer(given, 'projector.linear');
  const [s, t] = [
    linear(given.feature('student.embedding'), at('weight'), at('bias')),
    given.feature('teacher.embedding'),
  ].map((x) => transposed(rows(x)).flatMap((column) => centred(column, 1e-4)));
  return 2 * Math.log(total(s!.map((x, i) => (x - t![i]!) ** 4))) + klOf(given);
};

/** Miles et al., CVPR 2024, section 3.2: W (W^T W)^(-1/2) by eigenvectors. */
export const vkd: Formula = (given) => {
  const weight = rows(given.parameter('projector.linear.weight'));
  const columns = transposed(weight);
  const parts = eigen(columns.map((a) => columns.map((b) => dot(a, b))));
  const inverseRoot = columns.map((_, i) =>
    columns.map((__, j) =>
      total(parts.map(({ value, vector }) => (vector[i]! * vector[j]!) / Math.sqrt(value))),
    ),
  );
  const orthonormal = ofRows(weight.map((row) => inverseRoot.map((column) => dot(row, column))));
  const targets = rows(given.feature('teacher.embedding')).flatMap((row) => centred(row, 1e-5));
  const distances = linear(given.feature('student.embedding'), orthonormal).data.map((x, i) => {
    const d = Math.abs(x - targets[i]!);
    return d < 1 ? 0.5 * d * d : d - 0.5;
  });
  return average(distances) + klOf(given);
};

export const invertedProjection: Formula = ({ feature, parameter }) =>
  squaredError(
    feature('student.embedding'),
    linear(feature('teacher.embedding'), parameter('projector.linear.weight')),
  );

/** Wang et al., 2023, eq. 7, behind batch norm and a linear layer; the class means are this batch's. */
export const normDirection: Formula = (given) => {
  const at = layer(given, 'projector.linear');
  const normalized = batchNorm(given.feature('student.embedding'), layer(given, 'projector.bn'));
  const students = rows(linear(normalized, at('weight'), at('bias')));
  const teachers = rows(given.feature('teacher.embedding'));
  const labels = given.feature('labels').data;
  const along = labels.map((label) =>
    unit(transposed(teachers.filter((_, n) => labels[n] === label)).map(average)),
  );
  const length = (v: number[]) => Math.sqrt(dot(v, v));
  return (
    2 * average(students.map((s, n) => 1 - dot(s, along[n]!) / Math.max(length(s), length(teachers[n]!))))
  );
};
