import type { WeightNaming } from '@limbeck/core';

type Rules = WeightNaming['rename'];

/** What the published code of a network calls two of its parts. */
interface Own {
  /** The convolution beside a block. */
  readonly shortcutName: string;
  readonly classifier: string;
}

const huggingFace = ({ shortcutName, classifier }: Own): Rules => [
  ['^resnet[.]', ''],
  ['^embedder[.]embedder[.]convolution[.]', 'conv1.'],
  ['^embedder[.]embedder[.]normalization[.]', 'bn1.'],
  ...[1, 2, 3, 4].map((stage) => [`^encoder[.]stages[.]${stage - 1}[.]layers[.]`, `layer${stage}.`] as const),
  ['[.]shortcut[.]convolution[.]', `.${shortcutName}.0.`],
  ['[.]shortcut[.]normalization[.]', `.${shortcutName}.1.`],
  ...[1, 2, 3].flatMap((layer) => [
    [`[.]layer[.]${layer - 1}[.]convolution[.]`, `.conv${layer}.`] as const,
    [`[.]layer[.]${layer - 1}[.]normalization[.]`, `.bn${layer}.`] as const,
  ]),
  ['^classifier[.]1[.]', `${classifier}.`],
];

const parts = (from: Own, to: Own): Rules => [
  [`[.]${from.shortcutName}[.]`, `.${to.shortcutName}.`],
  [`^${from.classifier}[.]`, `${to.classifier}.`],
];

const forms = {
  torchvision: { shortcutName: 'downsample', classifier: 'fc' },
  RepDistiller: { shortcutName: 'shortcut', classifier: 'linear' },
} as const;

/** Names of a residual network's weights in other code. */
export const namingsOf = (own: Own): WeightNaming[] => [
  { by: 'Hugging Face', rename: huggingFace(own) },
  ...Object.entries(forms).flatMap(([by, other]) =>
    other.shortcutName === own.shortcutName ? [] : [{ by, rename: parts(other, own) }],
  ),
];
