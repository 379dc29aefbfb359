/** Every URL of the client. Features know the names only. */
export const paths = {
  login: '/',
  register: '/register',
  'register-identity': '/register/identity',
  'register-bank': '/register/bank',
  'register-code': '/register/code',
  'register-done': '/register/done',
  'register-expired': '/register/expired',
  account: '/account',
  'recover-username': '/recovery/username',
  'recover-password': '/recovery/password',
  help: '/help',
  'help-write': '/help/write',
  'help-written': '/help/written',
  legal: '/legal/:kind(user-agreement|privacy-notice|bank-check)',
  sandbox: '/sandbox',
} as const
