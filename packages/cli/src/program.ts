import { Command, InvalidArgumentError, Option } from 'commander';
import type { Io } from './io.js';
import { version } from './version.js';

/** What every command's implementation looks like; a number it returns is the exit status. */
type Implementation<Options> = (io: Io, options: Options) => Promise<unknown>;

const repeat = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** A whole number above 0. */
function positive(value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('give a whole number above 0');
}

/** A whole number of at least 0. */
function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('give a whole number');
}

/** A number that is 0 or more. */
function notNegative(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new InvalidArgumentError('give a number that is not negative');
}

/** Implementations are imported when their command runs: `--help` must not wait for what it does not show. */
const commands = {
  train: () => import('./commands/train.js').then(({ train }) => train),
  tuneProjectorSize: () =>
    import('./commands/tune-projector-size.js').then(({ tuneProjectorSize }) => tuneProjectorSize),
  bench: () => import('./commands/bench.js').then(({ bench }) => bench),
  evaluate: () => import('./commands/evaluate.js').then(({ evaluate }) => evaluate),
  predict: () => import('./commands/predict.js').then(({ predict }) => predict),
  inspect: () => import('./commands/inspect.js').then(({ inspect }) => inspect),
  exportModel: () => import('./commands/export.js').then(({ exportModel }) => exportModel),
  convert: () => import('./commands/convert.js').then(({ convert }) => convert),
  doctor: () => import('./commands/doctor.js').then(({ doctor }) => doctor),
  backendList: () => import('./commands/backend-list.js').then(({ backendList }) => backendList),
  backendInstall: () => import('./commands/backend-install.js').then(({ backendInstall }) => backendInstall),
  configPrint: () => import('./commands/config-print.js').then(({ configPrint }) => configPrint),
  configKeys: () => import('./commands/config-keys.js').then(({ configKeysCommand }) => configKeysCommand),
  configExplain: () => import('./commands/config-explain.js').then(({ configExplain }) => configExplain),
  pluginsList: () => import('./commands/plugins-list.js').then(({ pluginsList }) => pluginsList),
  dataList: () => import('./commands/data-list.js').then(({ dataList }) => dataList),
  dataFetch: () => import('./commands/data-fetch.js').then(({ dataFetch }) => dataFetch),
  dataVerify: () => import('./commands/data-verify.js').then(({ dataVerify }) => dataVerify),
  dataStats: () => import('./commands/data-stats.js').then(({ dataStats }) => dataStats),
  recipesList: () => import('./commands/recipes.js').then(({ recipesList }) => recipesList),
  recipesShow: () => import('./commands/recipes.js').then(({ recipesShow }) => recipesShow),
  reproduce: () => import('./commands/reproduce.js').then(({ reproduce }) => reproduce),
  init: () => import('./commands/init.js').then(({ init }) => init),
  demo: () => import('./commands/demo.js').then(({ demo }) => demo),
};

/**
 * The command line.
 *
 * @param finish told the exit status of the command that ran
 */
export function buildProgram(io: Io, finish: (code: number) => void): Command {
  /** Options of the command by name, its arguments among them. */
  const does =
    <Options>(load: () => Promise<Implementation<Options>>, ...names: string[]) =>
    async (...given: unknown[]) => {
      const named = Object.fromEntries(names.map((name, i) => [name, given[i]]));
      const command = given.at(-1) as Command;
      const implementation = await load();
      const result = await implementation(io, { ...command.optsWithGlobals(), ...named } as Options);
      finish(typeof result === 'number' ? result : 0);
    };

  const program = new Command('limbeck')
    .description('Distils neural networks: trains a small student under a large teacher.')
    .version(version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--debug', 'show where errors come from')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .exitOverride();

  const json = () => new Option('--json', 'print JSON for programs');
  const set = (meaning = 'change a value of the configuration; repeatable') =>
    new Option('--set <key=value>', meaning).argParser(repeat);
  const best = () =>
    new Option('--best', 'the best epoch of the run, in place of the one its files hold').conflicts('epoch');
  const epoch = () =>
    new Option('--epoch <n>', 'this epoch of the run, if its checkpoint is kept').argParser(positive);
  const config = () => new Option('--config <file>', 'the configuration, if not the one found here');

  program
    .command('demo')
    .description('distil a small student on bundled images and compare it with one trained alone')
    .option('--quick', 'one epoch each')
    .option('--out <dir>', 'folder to write to (default: runs/demo-<n>)')
    .addOption(new Option('--json', 'print events as lines of JSON, the comparison last'))
    .action(does(commands.demo));

  program
    .command('init')
    .description('write a commented configuration to start from')
    .argument('[folder]', 'folder of pictures of your own, with a folder for each class')
    .addOption(new Option('--format <format>', 'kind of file').choices(['ts', 'yaml']))
    .option('--data <id>', 'data set (default: fashion-mnist-subset)')
    .option('--student <id>', 'model to train (default: resnet8, or what suits the pictures)')
    .option('--alone', 'without a teacher')
    .addOption(
      new Option(
        '--image-size <pixels>',
        'for pictures of your own (default: what suits their sizes)',
      ).argParser(positive),
    )
    .option('--teacher <id>', 'for pictures of your own: the model of --teacher-weights')
    .option(
      '--teacher-weights <file>',
      'for pictures of your own: weights of a teacher that knows the classes',
    )
    .option('--yes', 'ask nothing')
    .action(does(commands.init, 'folder'));

  program
    .command('train')
    .description('train a student as a configuration says')
    .argument('[config]', 'configuration file (default: the one found here)')
    .option('--plan', 'say what the run will take, from a short measurement, and do not train')
    .option('--out <dir>', 'run folder, which must not exist (default: runs/<name>-<n>)')
    .addOption(set())
    .option('--resume <dir>', 'continue the run in this folder; with --set train.epochs=N for longer')
    .option('--from <dir>', 'start from the weights of this run, with its configuration unless one is given')
    .addOption(best())
    .addOption(epoch())
    .addOption(new Option('--json', 'print events as lines of JSON'))
    .action(does(commands.train, 'config'));

  program
    .command('tune')
    .description('search for what suits a pair of teacher and student')
    .command('projector-size')
    .description(
      'train a classifier-sharing student with several numbers and widths of projectors, and set what they deploy side by side',
    )
    .argument('[config]', 'configuration file (default: the one found here)')
    .option('--projectors <list>', 'numbers of integrated projectors to try: q (default: 1,2,3,4)')
    .option(
      '--reductions <list>',
      "reduction factors to try, which divide the teacher's channels: f (default: 1,2,4,8)",
    )
    .option('--epochs <n>', "instead of the configuration's train.epochs")
    .option(
      '--out <dir>',
      'folder of the search; one that was stopped goes on (default: runs/tune-<name>-<n>)',
    )
    .addOption(set())
    .addOption(new Option('--json', 'print events as lines of JSON, the result last'))
    .action(does(commands.tuneProjectorSize, 'config'));

  program
    .command('eval')
    .description('measure a trained model on the test images')
    .argument('<target>', 'run folder, configuration file, or .onnx file')
    .option('--weights <file>', "weights of the configuration's student, in any format")
    .addOption(best())
    .addOption(epoch())
    .addOption(config())
    .addOption(set())
    .addOption(json())
    .action(does(commands.evaluate, 'target'));

  program
    .command('predict')
    .description('label the pictures of a folder with a trained model')
    .argument('<model>', 'run folder, file of weights, or .onnx file')
    .argument('<folder>', 'folder of pictures, folders inside included, or one picture')
    .option('-o, --out <file>', 'file to write: .csv, .tsv or .jsonl (default: CSV on the standard output)')
    .addOption(
      new Option('--top <k>', 'classes of each picture, the most probable first')
        .argParser(positive)
        .default(1),
    )
    .addOption(
      new Option('--on-error <what>', 'what a picture that cannot be read does')
        .choices(['stop', 'skip'])
        .default('stop'),
    )
    .addOption(new Option('--batch-size <n>', 'pictures at a time').argParser(positive).default(64))
    .option('--workers <n>', 'threads that decode pictures (default: the cores)', wholeNumber)
    .option('--force', 'overwrite the file')
    .addOption(
      new Option('--image-size <pixels>', 'height and width of what the model sees').argParser(positive),
    )
    .option('--normalization <name>', 'imagenet or cifar, for a model that does not say')
    .option('--class-names <file>', 'names of the classes, one a line, in the order of the logits')
    .addOption(config())
    .addOption(set())
    .addOption(json())
    .action(does(commands.predict, 'model', 'folder'));

  program
    .command('bench')
    .description('measure how long the steps of a configuration take here')
    .argument('[config]', 'configuration file (default: the one found here)')
    .addOption(
      new Option('--steps <n>', 'steps that are measured, after two that are not')
        .argParser(positive)
        .default(10),
    )
    .option('--profile', 'say where the time goes: by operation, and by scope or shape')
    .addOption(set())
    .addOption(json())
    .action(does(commands.bench, 'config'));

  program
    .command('inspect')
    .description(
      'list models; show the layers of one, what a configuration composes, what a file of weights or an ONNX file holds',
    )
    .argument('[name]', 'a model, a configuration file, a file of weights or an .onnx file')
    .option('--input <CxHxW>', 'shape of an image (default: 3x32x32)')
    .option('--classes <n>', 'number of classes (default: 100)')
    .addOption(config())
    .addOption(set('change an option of the model, or a value of the configuration; repeatable'))
    .addOption(json())
    .action(does(commands.inspect, 'name'));

  program
    .command('export')
    .description('write a trained student for other programs')
    .argument('<source>', 'run folder or weights file')
    .requiredOption('--format <format>', 'onnx, safetensors, savedmodel or tfjs')
    .option('--out <file>', 'file or folder to write (default: beside the source)')
    .addOption(best())
    .addOption(epoch())
    .option('--normalize', 'the model normalizes by itself, and takes pixels from 0 to 255')
    .addOption(
      new Option('--layout <layout>', 'order of the axes of its images (default: NCHW)').choices([
        'NCHW',
        'NHWC',
      ]),
    )
    .option('--embedding', 'the encoder alone, which gives embeddings')
    .addOption(
      new Option('--opset <n>', 'ONNX operator set (default: the lowest that suffices)').argParser(positive),
    )
    .addOption(
      new Option('--dtype <type>', 'what weights are kept and computed in (default: float32)').choices([
        'float32',
        'float16',
      ]),
    )
    .addOption(
      new Option('--precision <precision>', 'int8 is calibrated and measured (default: float32)').choices([
        'float32',
        'int8',
      ]),
    )
    .addOption(
      new Option('--max-drop <points>', 'points of top-1 that int8 may cost (default: 1)').argParser(
        notNegative,
      ),
    )
    .addOption(
      new Option(
        '--calibration-images <n>',
        'training images that int8 is calibrated on (default: 512)',
      ).argParser(positive),
    )
    .option('--force', 'overwrite what is there')
    .addOption(config())
    .addOption(json())
    .action(does(commands.exportModel, 'source'));

  program
    .command('convert')
    .description('write weights in another format, under other names, in another element type')
    .argument('<source>', 'file of weights: .safetensors, .pth, .pt, .npz, .npy, .onnx')
    .argument('<target>', 'file to write: .safetensors, .pth, .npz')
    .option('--to <format>', 'safetensors, pth or npz, whatever the name of the target')
    .addOption(
      new Option(
        '--rename <pattern=replacement>',
        'a regular expression over names; repeatable, in order',
      ).argParser(repeat),
    )
    .option('--dtype <type>', 'type of all floats: float64, float32, float16 or bfloat16')
    .option('--entry <name>', 'the entry to take where a checkpoint holds several models')
    .option('--force', 'overwrite the target')
    .addOption(json())
    .action(does(commands.convert, 'source', 'target'));

  program
    .command('doctor')
    .description('say what works here, what does not, and what would change that')
    .addOption(json())
    .action(does(commands.doctor));

  const backend = program.command('backend').description('list backends, install their runtimes');
  backend
    .command('list')
    .description('list backends and the devices they work on here')
    .addOption(config())
    .addOption(json())
    .action(does(commands.backendList));
  backend
    .command('install')
    .description('bring the runtime of a backend onto this machine')
    .argument('<name>', 'backend, such as tfjs')
    .option('--cuda', 'the build for NVIDIA GPUs')
    .option('--runtime-version <version>', "the runtime's version (default: the last one tried)")
    .option('--dir <dir>', 'where it goes (default: a folder in the cache of the user)')
    .option('--force', 'anew, even where it works')
    .addOption(config())
    .addOption(json())
    .action(does(commands.backendInstall, 'name'));

  const configuration = program.command('config').description('look into a configuration');
  configuration
    .command('print')
    .description('print the configuration with every default filled in')
    .argument('[config]', 'configuration file (default: the one found here)')
    .addOption(set())
    .addOption(json())
    .action(does(commands.configPrint, 'config'));
  configuration
    .command('explain')
    .description('say what each value means and where it comes from')
    .argument('[key]', 'for example train.optimizer.lr (default: all)')
    .addOption(config())
    .addOption(set())
    .addOption(json())
    .action(does(commands.configExplain, 'key'));
  configuration
    .command('keys')
    .description('list every key a configuration may have')
    .option('--markdown', 'as a table in Markdown')
    .addOption(json())
    .action(does(commands.configKeys));

  program
    .command('plugins')
    .description('look at plugins')
    .command('list')
    .description('list plugins and what each contributes')
    .addOption(config())
    .addOption(json())
    .action(does(commands.pluginsList));

  const recipes = program
    .command('recipes')
    .description("list rows of papers' tables that can be reproduced, with what was published")
    .option('--method <id>', 'rows of a method, such as dkd')
    .option('--pair <text>', 'rows whose teacher-student contains this, such as resnet32x4-resnet8x4')
    .option('--data <id>', 'rows on a data set, such as cifar100')
    .addOption(config())
    .addOption(json())
    .action(does(commands.recipesList));
  recipes
    .command('show')
    .description('print the whole protocol of a row with its sources, and the configuration it becomes')
    .argument('<id>', 'for example dkd/cifar100/resnet32x4-resnet8x4')
    .addOption(config())
    .addOption(json())
    .action(does(commands.recipesShow, 'id'));

  program
    .command('reproduce')
    .description('train a row of a paper as published, once for each seed, and compare with its figure')
    .argument('[id]', 'recipe: limbeck recipes lists them')
    .addOption(new Option('--seeds <n>', 'runs, each with a seed of its own').argParser(positive).default(3))
    .option('--data <dir>', 'folder of the data (default: what limbeck data fetch brought)')
    .option('--teacher <file>', "the teacher's weights (default: it is trained first)")
    .option('--accept-teacher', 'go on with a teacher whose accuracy is far from the published')
    .addOption(
      new Option('--scale <share>', 'a share of the published epochs, to try it out')
        .argParser(Number)
        .default(1),
    )
    .option('--plan', 'say what would run, with time and disk from a short measurement; writes nothing')
    .option('--check <dir>', 'compute stored tables again from their run folders, and nothing else')
    .option('--out <dir>', 'folder of the runs; one that was stopped goes on (default: runs/reproduce-<id>)')
    .addOption(set())
    .addOption(config())
    .addOption(new Option('--json', 'print events as lines of JSON, the table last'))
    .action(does(commands.reproduce, 'id'));

  const data = program.command('data').description('list, fetch and look through data sets');
  data
    .command('list')
    .description('list data sets and whether they are here')
    .option('--dir <dir>', 'folder of fetched data sets')
    .addOption(config())
    .addOption(json())
    .action(does(commands.dataList));
  data
    .command('fetch')
    .description('download a data set as published; each file is checked against its SHA-256')
    .argument('<name>', 'data set')
    .option('--dir <dir>', 'folder of fetched data sets')
    .option('--base-url <url>', 'a mirror that holds the files by name')
    .addOption(config())
    .addOption(json())
    .action(does(commands.dataFetch, 'name'));
  const chosenData = "data set, or a folder of pictures (default: the configuration's)";
  data
    .command('verify')
    .description('read every byte of a data set and decode every picture')
    .argument('[name]', chosenData)
    .option('--dir <dir>', 'folder of fetched data sets')
    .addOption(set('change a value, such as data.path=photos; repeatable'))
    .addOption(config())
    .addOption(json())
    .action(does(commands.dataVerify, 'name'));
  data
    .command('stats')
    .description('count classes, sizes, damaged pictures and duplicates, and measure mean and deviation')
    .argument('[name]', chosenData)
    .option('--dir <dir>', 'folder of fetched data sets')
    .addOption(
      new Option('--samples <n>', 'pictures of each split to look at (default: all)').argParser(positive),
    )
    .option('--sheet <file>', 'write training pictures with their changes as a PNG')
    .addOption(set('change a value, such as data.path=photos; repeatable'))
    .addOption(config())
    .addOption(json())
    .action(does(commands.dataStats, 'name'));

  return program;
}
