import type { WeightNaming } from '@limbeck/core';

/** Names of a vision transformer's weights in other code; its own are timm's. */
export const namings: readonly WeightNaming[] = [
  {
    by: 'Hugging Face',
    rename: [
      ['^(vit|deit)[.]', ''],
      ['^embeddings[.]cls_token$', 'cls_token'],
      ['^embeddings[.]distillation_token$', 'dist_token'],
      ['^embeddings[.]position_embeddings$', 'pos_embed'],
      ['^embeddings[.]patch_embeddings[.]projection[.]', 'patch_embed.proj.'],
      // up to version 4 of transformers, and from version 5 on
      ['^(encoder[.]layer|layers)[.]', 'blocks.'],
      ['[.]attention[.](attention[.]query|q_proj)[.]', '.attn.q.'],
      ['[.]attention[.](attention[.]key|k_proj)[.]', '.attn.k.'],
      ['[.]attention[.](attention[.]value|v_proj)[.]', '.attn.v.'],
      ['[.]attention[.](output[.]dense|o_proj)[.]', '.attn.proj.'],
      ['[.]layernorm_before[.]', '.norm1.'],
      ['[.]layernorm_after[.]', '.norm2.'],
      ['[.]intermediate[.]dense[.]', '.mlp.fc1.'],
      ['[.]output[.]dense[.]', '.mlp.fc2.'],
      ['^layernorm[.]', 'norm.'],
      ['^(cls_)?classifier[.]', 'head.'],
      ['^distillation_classifier[.]', 'head_dist.'],
    ],
    join: { parts: ['q', 'k', 'v'], as: 'qkv' },
  },
  {
    by: 'torchvision',
    rename: [
      ['^class_token$', 'cls_token'],
      ['^conv_proj[.]', 'patch_embed.proj.'],
      ['^encoder[.]pos_embedding$', 'pos_embed'],
      ['^encoder[.]layers[.]encoder_layer_', 'blocks.'],
      ['[.]ln_1[.]', '.norm1.'],
      ['[.]ln_2[.]', '.norm2.'],
      ['[.]self_attention[.]in_proj_', '.attn.qkv.'],
      ['[.]self_attention[.]out_proj[.]', '.attn.proj.'],
      ['[.]mlp[.](0|linear_1)[.]', '.mlp.fc1.'],
      ['[.]mlp[.](3|linear_2)[.]', '.mlp.fc2.'],
      ['^encoder[.]ln[.]', 'norm.'],
      ['^heads[.]head[.]', 'head.'],
    ],
  },
];
