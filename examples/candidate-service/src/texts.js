/** Every word, in both languages. */

/** @typedef {'zh-CN' | 'en'} Language */

const chinese = {
  title: '考生服务系统',
  skip: '跳到正文',
  example: '示例：接入实名（Shiming）的业务系统。考试均为虚构，数据只保存在内存中，重启后清空。',
  other_language: 'English',
  login: {
    lead: '如已有统一用户平台的用户账号，请直接登录；如没有，请点击“立即注册”。',
    login: '登录',
    register: '立即注册',
    username: '忘记用户名？',
    password: '忘记密码？',
    maintain: '用户信息维护',
    help: '帮助',
    more: '账号服务',
    where: '登录、注册和找回在统一用户平台进行，完成后返回本系统。',
  },
  me: {
    title: '考生信息',
    greeting: '您已登录。',
    verified: '已通过实名认证',
    name: '姓名',
    document_type: '证件类型',
    document_number: '证件号',
    username: '用户名',
    phone: '手机号码',
    how: '认证方式',
    methods: { cn_bank_card_four_elements: '银行卡四要素核验（姓名、证件、银行卡、预留手机号码）' },
    other_method: '统一用户平台认证',
    when: '认证时间',
    refresh: '更新信息',
    refreshed: '信息已更新。',
    sign_out: '退出登录',
  },
  documents: {
    RESIDENT_ID: '居民身份证',
    HKMO_RESIDENCE: '港澳居民居住证',
    TW_RESIDENCE: '台湾居民居住证',
    HKMO_PERMIT: '港澳居民来往内地通行证',
    HKMO_PERMIT_NC: '港澳居民来往内地通行证（非中国籍）',
    TW_PERMIT: '台湾居民来往大陆通行证',
    FOREIGNER_PR: '外国人永久居留身份证',
    PASSPORT_CN: '中国护照',
    PASSPORT_FOREIGN: '外国护照',
  },
  exams: {
    title: '考试报名',
    date: '考试日期',
    apply: '报名',
    applied: '已报名',
    done: '报名成功。',
    ticket: '打印准考证',
  },
  ticket: {
    title: '准考证',
    fresh: '为防止他人冒用，打印准考证前须重新输入密码。',
    authenticated: '最近登录时间',
    back: '返回考生信息',
  },
  signed_out: { title: '已退出登录', text: '您已退出考生服务系统。', again: '返回登录页面' },
  problem: {
    title: '未能登录',
    back: '返回登录页面',
    access_denied: '您没有同意提供信息，或账号暂不能登录本系统。没有这些信息无法报名。',
    unmet_authentication_requirements: '您的账号未达到报考所需的实名认证等级。',
    expired: '登录请求已失效：可能停留过久，或在另一个浏览器中打开。请重新登录。',
    withdrawn: '登录已失效，或您已撤回授权。请重新登录。',
    unavailable: '统一用户平台暂时无法访问，请稍后重试。',
    not_found: '没有这个页面。',
    other: '登录没有完成，请重试。',
  },
}

/** @typedef {typeof chinese} Texts */

/** @type {Texts} */
const english = {
  title: 'Candidate service',
  skip: 'Skip to content',
  example:
    'Example of a system that uses Shiming. The exams are fictitious; everything is in memory and gone after a restart.',
  other_language: '中文',
  login: {
    lead: 'Log in if you have an account of the unified user platform. If you have none, register.',
    login: 'Log in',
    register: 'Register',
    username: 'Forgot your username?',
    password: 'Forgot your password?',
    maintain: 'Maintain your information',
    help: 'Help',
    more: 'Your account',
    where:
      'You log in, register and recover your account on the unified user platform, and come back here afterwards.',
  },
  me: {
    title: 'Your information',
    greeting: 'You are logged in.',
    verified: 'Verified real name',
    name: 'Name',
    document_type: 'Document',
    document_number: 'Document number',
    username: 'Username',
    phone: 'Mobile number',
    how: 'Verified by',
    methods: {
      cn_bank_card_four_elements: 'Bank check of name, document, card and the phone the bank knows',
    },
    other_method: 'The unified user platform',
    when: 'Verified on',
    refresh: 'Update',
    refreshed: 'Your information is up to date.',
    sign_out: 'Log out',
  },
  documents: {
    RESIDENT_ID: 'Resident identity card',
    HKMO_RESIDENCE: 'Residence permit for Hong Kong and Macao residents',
    TW_RESIDENCE: 'Residence permit for Taiwan residents',
    HKMO_PERMIT: 'Mainland travel permit for Hong Kong and Macao residents',
    HKMO_PERMIT_NC: 'Mainland travel permit for Hong Kong and Macao residents (non-Chinese)',
    TW_PERMIT: 'Mainland travel permit for Taiwan residents',
    FOREIGNER_PR: 'Foreign permanent resident identity card',
    PASSPORT_CN: 'Chinese passport',
    PASSPORT_FOREIGN: 'Foreign passport',
  },
  exams: {
    title: 'Exams',
    date: 'Date',
    apply: 'Apply',
    applied: 'Applied',
    done: 'You have applied.',
    ticket: 'Print admission ticket',
  },
  ticket: {
    title: 'Admission ticket',
    fresh: 'So that nobody else uses it, your password is asked for before it is printed.',
    authenticated: 'Last login',
    back: 'Back to your information',
  },
  signed_out: {
    title: 'Logged out',
    text: 'You have logged out of the candidate service.',
    again: 'Back to the login page',
  },
  problem: {
    title: 'You are not logged in',
    back: 'Back to the login page',
    access_denied:
      'You did not agree to share your information, or your account cannot be used here yet. Without it you cannot apply.',
    unmet_authentication_requirements:
      'Your account is not verified well enough to apply for exams.',
    expired:
      'This login is no longer valid: it took too long, or began in another browser. Please log in again.',
    withdrawn: 'Your login has ended, or you have withdrawn your consent. Please log in again.',
    unavailable:
      'The unified user platform cannot be reached at the moment. Please try again later.',
    not_found: 'There is no such page.',
    other: 'The login was not completed. Please try again.',
  },
}

/** @type {Record<Language, Texts>} */
export const texts = { 'zh-CN': chinese, en: english }

/**
 * A day as people write it.
 *
 * @param {Language} language
 * @param {string} date
 */
export function day(language, date) {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'long',
    timeZone: 'UTC',
  }).format(new Date(date))
}

/**
 * A time as people of this city read it.
 *
 * @param {Language} language
 * @param {Date} time
 */
export function formatted(language, time) {
  return new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Asia/Shanghai',
  }).format(time)
}
