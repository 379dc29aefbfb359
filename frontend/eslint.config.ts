import { defineConfigWithVueTs, vueTsConfigs } from '@vue/eslint-config-typescript'
import type { Linter } from 'eslint'
import pluginVue from 'eslint-plugin-vue'
import pluginA11y from 'eslint-plugin-vuejs-accessibility'

/** What a folder of `src` may import from the others. */
const floors: Record<string, string[]> = {
  i18n: [],
  api: ['i18n'],
  flow: ['api', 'i18n'],
  forms: ['api', 'i18n'],
  ui: ['forms', 'i18n', 'api'],
  proof: ['ui', 'forms', 'i18n', 'api'],
  features: ['flow', 'proof', 'ui', 'forms', 'i18n', 'api'],
}

const restrict = (folder: string, allowed: string[]): Linter.Config => ({
  files: [`src/${folder}/**/*.{ts,vue}`],
  // A test may put floors together.
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: ['app', ...Object.keys(floors)]
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => ({
            group: [`@/${other}/*`],
            message: `${folder} must not know ${other}`,
          })),
      },
    ],
  },
})

const features = [
  'login',
  'registration',
  'account',
  'recovery',
  'help',
  'legal',
  'sandbox',
  'authorize',
]

export default defineConfigWithVueTs(
  { ignores: ['dist/', 'src/api/schema.gen.ts'] },
  pluginVue.configs['flat/recommended'],
  pluginA11y.configs['flat/recommended'],
  vueTsConfigs.strict,
  {
    rules: {
      'vue/no-v-html': 'error',
      'vue/no-static-inline-styles': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/multi-word-component-names': 'off',
      // Prettier decides about white space.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      // Labels stand beside their fields and point to them by id.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      'max-lines': ['error', 300],
    },
  },
  ...Object.entries(floors).map(([folder, allowed]) => restrict(folder, allowed)),
  ...features.map((feature): Linter.Config => ({
    files: [`src/features/${feature}/**/*.{ts,vue}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@/app/*'], message: 'app composes features' },
            ...features
              .filter((other) => other !== feature)
              .map((other) => ({
                group: [`@/features/${other}/*`],
                message: 'a feature must not know another',
              })),
          ],
        },
      ],
    },
  })),
)
