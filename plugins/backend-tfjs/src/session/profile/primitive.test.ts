import { describe, expect, test } from 'vitest';
import { parsePrimitive } from './primitive.js';

/** Lines that libraries wrote: oneDNN 3.2.1 in TensorFlow 2.15.1, and 3.7.1, whose lines begin differently. */
const lines = {
  convolution:
    'onednn_verbose,1795330985748.173096,exec,cpu,convolution,jit:avx512_core,backward_weights,src_f32::blocked:acdb::f0 wei_f32:a:blocked:ABcd16b16a::f0 bia_undef::undef::: dst_f32::blocked:acdb::f0,,alg:convolution_direct,mb64_ic16oc16_ih28oh28kh3sh1dh0ph1_iw28ow28kw3sw1dw0pw1,4.5918',
  reorder:
    'onednn_verbose,1795330985748.343994,exec,cpu,reorder,jit:blk,undef,src_f32::blocked:cdba::f0 dst_f32::blocked:Bcda16b::f0,,,16x16x3x3,1.0249',
  gemm: 'onednn_verbose,1795330985592.093994,exec,cpu,gemm_api,,undef,src_f32::blocked:ba:f0 wei_f32::blocked:ab:f0 dst_f32::blocked:ab:f0,,,10x64:64x64,0.0629883',
  normalization:
    'onednn_verbose,1795330985433.572021,exec,cpu,batch_normalization,bnorm_tbb_jit:avx512_core,forward_training,data_f32::blocked:acdb::f0 diff_undef::undef:::,,flags:CHR,mb64ic16ih28iw28,6.61206',
  newConvolution:
    'onednn_verbose,v1,1795331028965.100098,primitive,exec,cpu,convolution,jit:avx512_core,backward_data,src:f32:ap:blocked:aBcd16b::f0 wei:f32:ap:blocked:ABcd16a16b::f0 bia:undef::undef::: dst:f32:a:blocked:aBcd16b::f0,attr-scratchpad:user,alg:convolution_direct,mb4_ic8oc16_ih16oh16kh3sh1dh0ph1_iw16ow16kw3sw1dw0pw1,0.0769043',
  newReorder:
    'onednn_verbose,v1,1795331028964.867920,primitive,exec,cpu,reorder,jit:uni,undef,src:f32::blocked:abcd::f0 dst:f32:p:blocked:ABcd16a16b::f0,attr-scratchpad:user,,16x8x3x3,0.00610352',
};

describe('a line of the log', () => {
  test('names kind, direction, sizes and implementation, and when it ran', () => {
    expect(parsePrimitive(lines.convolution)).toEqual({
      operation: 'convolution backward weights',
      shape: 'mb64_ic16oc16_ih28oh28kh3sh1dh0ph1_iw28ow28kw3sw1dw0pw1',
      implementation: 'jit:avx512_core',
      begin: 1795330985748.173,
      milliseconds: 4.5918,
    });
  });

  test.each([
    ['reorder', 'reorder', '16x16x3x3 f32:cdba -> f32:Bcda16b', 'jit:blk'],
    ['gemm', 'gemm api', '10x64:64x64', ''],
    ['normalization', 'batch normalization forward', 'mb64ic16ih28iw28', 'bnorm_tbb_jit:avx512_core'],
    [
      'newConvolution',
      'convolution backward data',
      'mb4_ic8oc16_ih16oh16kh3sh1dh0ph1_iw16ow16kw3sw1dw0pw1',
      'jit:avx512_core',
    ],
    ['newReorder', 'reorder', '16x8x3x3 f32:abcd -> f32:ABcd16a16b', 'jit:uni'],
  ] as const)('%s', (line, operation, shape, implementation) => {
    expect(parsePrimitive(lines[line])).toMatchObject({ operation, shape, implementation });
  });

  test('a time may have an exponent, the line an end of Windows', () => {
    const line = `${lines.gemm.slice(0, lines.gemm.lastIndexOf(','))},1e-05\r`;
    expect(parsePrimitive(line)).toMatchObject({ milliseconds: 1e-5 });
  });
});

test.each([
  ['nothing', ''],
  ['another program', 'Epoch 1,exec,2'],
  ['a note', 'onednn_verbose,info,cpu,runtime:threadpool,nthr:2'],
  ['the template', 'onednn_verbose,info,prim_template:timestamp,operation,engine,primitive,exec_time'],
  ['the making of a primitive', lines.convolution.replace(',exec,', ',create:cache_miss,')],
  ['one without a timestamp', lines.convolution.replace(/,\d+\.\d+,exec/, ',exec')],
  ['one that is cut', lines.convolution.slice(0, 150)],
  ['one that is cut within its time', `${lines.convolution.slice(0, lines.convolution.lastIndexOf('.'))}.`],
  ['two in one', lines.convolution.slice(0, 200) + lines.reorder.slice(0, 60)],
  ['an error', 'onednn_verbose,1.5,exec:error,primitive,unused primitive execution argument (1),a.cpp:3'],
])('%s is no primitive', (_, line) => {
  expect(parsePrimitive(line)).toBeUndefined();
});
