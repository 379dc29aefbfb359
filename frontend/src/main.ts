import { createApp } from 'vue'
import App from './app/App.vue'
import { router } from './app/router'
import { i18n, startLanguage } from './i18n'
import { applyDisplay } from './ui/display'
import './ui/styles/index.css'

applyDisplay()
void startLanguage().then(() => {
  createApp(App).use(i18n).use(router).mount('#app')
})
