import { fileURLToPath } from 'node:url'
import VueI18nPlugin from '@intlify/unplugin-vue-i18n/vite'
import vue from '@vitejs/plugin-vue'
import { compression, defineAlgorithm } from 'vite-plugin-compression2'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const testing = process.env['VITEST'] !== undefined

export default defineConfig({
  plugins: [
    vue(),
    VueI18nPlugin({
      include: here('./src/i18n/locales/**/*.json'),
      runtimeOnly: true,
      fullInstall: false,
      dropMessageCompiler: true,
      strictMessage: true,
    }),
    // The server sends these copies; nothing is compressed while it runs.
    compression({
      algorithms: [defineAlgorithm('gzip', { level: 9 }), defineAlgorithm('brotliCompress', {})],
      include: /\.(?:html|js|css|svg|json|txt|webmanifest)$/,
      threshold: 512,
    }),
  ],
  // What the pages do not use is left out of them.
  define: {
    __VUE_OPTIONS_API__: testing,
    __VUE_PROD_DEVTOOLS__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
  },
  resolve: {
    dedupe: ['@intlify/shared'],
    alias: {
      '@': here('./src'),
      // Messages are compiled beforehand: the pages need no compiler.
      'petite-vue-i18n': 'petite-vue-i18n/dist/petite-vue-i18n.runtime.mjs',
    },
  },
  build: {
    // Phones and office computers of 2020.
    target: ['chrome87', 'edge88', 'firefox91', 'safari14'],
    // The policy of the pages allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    rolldownOptions: {
      output: {
        // Few files compress better than many: libraries, what every form has, what many pages have.
        codeSplitting: {
          groups: [
            { name: 'base', test: /node_modules|plugin-vue|vite\/preload/ },
            {
              name: 'form',
              test: /src\/(?:api\/(?!lists)|forms\/(?:form|page|required|typed)|i18n\/\w+\.ts|proof\/Captcha|ui\/(?:Button|Field|LinkItem|Text(?!Area)|Password|Retry|Submit|Problem|Notice|ErrorS|PageT))/,
            },
            {
              name: 'parts',
              test: /src\/(?:api\/lists|flow\/makeFlow|forms\/(?:chosen|letter|residentId)|proof\/(?!Code|NewPassword|SignIn|use)\w+\.(?:vue|ts)|ui\/(?!display|Step|TextArea|Waiting)\w+\.(?:vue|ts)|ui\/styles\/parts\.css)/,
            },
            // What some pages share: the entry names every file there is.
            { name: 'flows', test: /src\/(?:flow\/|ui\/Step)/ },
            {
              name: 'account',
              test: /features\/account\/(?:Account(?!Facts)|closure\/Closing|Done|Password(?!Page)|fresh|times)/,
            },
            { name: 'checks', test: /src\/(?:forms\/checks|proof\/useDocument)/ },
            { name: 'code', test: /src\/proof\/(?:Code|useCode)/ },
            {
              name: 'registering',
              test: /features\/registration\/(?:draft|words|Registration\w+|InUse)/,
            },
            {
              name: 'recovering',
              test: /features\/recovery\/(?:recovery|words|Recovery\w+|\w+Notice|PhoneProblem)/,
            },
          ],
        },
      },
    },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/sandbox/v1', '/docs', '/.well-known', '/oauth2'].map((path) => [
        path,
        process.env['SHIMING_API'] ?? 'http://localhost:8080',
      ]),
    ),
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['./src/test/setup.ts'],
    // Of two processors one would be left to the rest of the machine.
    maxWorkers: '100%',
    // A new environment for each file takes three times as long as the tests; its modules
    // are new all the same (src/test/setup.ts).
    isolate: false,
    restoreMocks: true,
  },
})
