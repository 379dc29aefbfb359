/** The guide's own words, each where the guide says. */
import { atTheBank, member } from './support/account'
import { Registration, PASSWORD, solveCaptcha } from './support/flow'
import { codeFor, person, unique } from './support/people'
import { NEW_PASSWORD, Recovery } from './support/recovery'
import { codeOf, inbox, registered } from './support/rest'
import { expect, fill, test } from './support/test'

test.describe('in the words of the guide', () => {
  test.skip(({ language }) => language !== 'zh-CN', 'the guide is Chinese')

  test('the login page and the steps carry its labels', async ({ page, texts, language }) => {
    await page.goto('/')
    for (const label of ['立即注册', '忘记用户名？', '忘记密码？', '用户信息维护', '帮助']) {
      await expect(page.getByRole('link', { name: label, exact: true }).first()).toBeVisible()
    }
    for (const label of ['用户名', '密码', '验证码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    const flow = new Registration(page, texts, language)
    const someone = await person(page.request, 'resident ID')
    await page.getByRole('link', { name: '立即注册' }).click()
    const steps = ['填写登录信息', '填写身份信息', '填写验证信息', '注册成功']
    await expect(page.locator('.steps li')).toHaveText(steps)
    for (const label of ['用户名', '密码', '确认密码', '验证码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await flow.credentials()
    for (const label of ['姓名', '证件类型', '证件号', '性别', '出生日期']) {
      await expect(page.getByText(label, { exact: true }).first()).toBeVisible()
    }
    await flow.identity(someone)
    for (const label of ['银行', '银行账号', '手机号码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await expect(page.getByLabel('银行', { exact: true }).locator('option')).toHaveCount(13)
    await flow.fillBank(someone)
    await page.getByRole('button', { name: '发送短信验证' }).click()
    await page.getByLabel('动态验证').fill(await codeFor(page.request, someone.phone))
    await page.getByRole('button', { name: '下一步' }).click()
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('注册成功')
    await expect(page.locator('[aria-current=step]')).toHaveText('注册成功')
  })

  test('a used document is named at its field, with the way to the username', async ({
    page,
    texts,
    language,
    expected,
  }) => {
    expected.statuses.push(409)
    const someone = await person(page.request, 'resident ID')
    await registered(page.request, someone)
    const again = new Registration(page, texts, language)
    await page.goto('/register')
    await again.credentials()
    await again.fillIdentity(someone)
    await again.next()
    await expect(page.locator('#document_number-error')).toHaveText('证件已被使用')
    await expect(page.getByLabel('证件号', { exact: true })).toHaveValue(someone.document_number)
    await page.getByRole('alert').getByRole('link', { name: '忘记用户名？' }).click()
    await expect(page).toHaveURL(/recovery\/username/)
  })

  test('a mismatch says which advice to follow, and never what differed', async ({
    page,
    texts,
    language,
    expected,
    accessible,
  }) => {
    expected.statuses.push(422)
    const someone = await person(page.request, 'resident ID')
    const flow = new Registration(page, texts, language)
    await page.goto('/register')
    await flow.credentials()
    await flow.identity(someone)
    await flow.fillBank({ ...someone, phone: '13700000000' })
    await flow.send()
    const notice = page.getByRole('alert')
    await expect(notice).toContainText('人员姓名或证件名或证件号与银行登记不匹配')
    await expect(notice.getByRole('listitem')).toHaveCount(3)
    await expect(notice).toBeFocused()
    await accessible('mismatch')
    await expect(page.getByText(fill(texts.registration.bank.left, { left: 4 }))).toBeVisible()
    await flow.bank(someone)
    await flow.code(someone)
  })

  test('finding a username carries its labels', async ({ page, texts, language, request }) => {
    const someone = await person(request, 'resident ID')
    const username = await registered(request, someone)
    const flow = new Recovery(page, texts, language)
    await page.goto('/')
    await page.getByRole('link', { name: '忘记用户名？', exact: true }).click()
    const steps = ['验证身份', '验证手机校验码', '找回用户名成功']
    await expect(page.locator('.steps li')).toHaveText(steps)
    await expect(page.getByRole('group', { name: '用户类型' })).toBeVisible()
    for (const kind of ['个人用户', '单位用户']) {
      await expect(page.getByRole('radio', { name: kind, exact: true })).toBeVisible()
    }
    for (const label of ['姓名', '证件类型', '证件号', '验证码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await flow.person(someone)
    await flow.heading('验证手机校验码')
    await expect(page.getByRole('link', { name: '手机号已停用？', exact: true })).toBeVisible()
    await page.getByRole('button', { name: '发送短信验证', exact: true }).click()
    const code = await codeOf(request, someone.phone, 'username_recovery')
    await page.getByLabel('动态验证', { exact: true }).fill(code)
    await expect(page.getByRole('button', { name: '下一步', exact: true })).toBeVisible()
    await flow.next()
    await flow.heading('找回用户名成功')
    await expect
      .poll(async () => (await inbox(request, someone.phone))[0]?.text)
      .toContain(`您的用户名是 ${username}。`)
  })

  test('finding a password carries its labels and messages', async ({
    page,
    texts,
    language,
    request,
    expected,
  }) => {
    expected.statuses.push(409, 422)
    const someone = await person(request, 'resident ID')
    const username = await registered(request, someone)
    const flow = new Recovery(page, texts, language)
    await page.goto('/')
    await page.getByRole('link', { name: '忘记密码？', exact: true }).click()
    const steps = ['输入用户名', '选择找回方式', '验证身份', '重置密码', '重置成功']
    await expect(page.locator('.steps li')).toHaveText(steps)
    await flow.user(username)
    await flow.heading('选择找回方式')
    await page.getByRole('radio', { name: '密保问题', exact: true }).check()
    await page.getByRole('button', { name: '下一步', exact: true }).click()
    await expect(page.getByRole('alert')).toContainText('未设置密保，不能通过密保问题找回密码')
    await page.getByRole('radio', { name: '证件号码+手机验证码', exact: true }).check()
    await page.getByRole('button', { name: '下一步', exact: true }).click()
    await flow.heading('验证身份')
    await expect(page.getByRole('link', { name: '手机号已停用？', exact: true })).toBeVisible()
    for (const label of ['证件类型', '证件号', '手机号码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await flow.identity(someone)
    await expect(page.getByRole('link', { name: '手机号已停用？', exact: true })).toBeVisible()
    const code = await codeOf(request, someone.phone, 'password_recovery')
    await flow.enter(code === '000000' ? '111111' : '000000')
    await expect(page.getByRole('alert')).toContainText(
      '动态验证不正确，或证件、手机号码与注册时预留的不一致，请重新输入',
    )
    await flow.enter(code)
    await flow.heading('重置密码')
    const name = page.getByLabel('用户名', { exact: true })
    await expect(name).toHaveValue(username)
    await expect(name).not.toBeEditable()
    await page.getByLabel('新密码', { exact: true }).fill(NEW_PASSWORD)
    await page.getByLabel('确认新密码', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: '下一步', exact: true }).click()
    await expect(page.locator('#password_confirmation-error')).toHaveText(
      '两次输入的密码不一致，请重新输入',
    )
    await page.getByLabel('确认新密码', { exact: true }).fill(NEW_PASSWORD)
    await page.getByRole('button', { name: '下一步', exact: true }).click()
    await flow.heading('重置成功')
  })

  test('a phone that is gone is replaced on the way', async ({
    page,
    texts,
    language,
    request,
    expected,
  }) => {
    expected.statuses.push(422)
    const someone = await person(request, 'resident ID')
    const flow = new Recovery(page, texts, language)
    await flow.start('username')
    await flow.person(someone)
    await page.getByRole('link', { name: '手机号已停用？', exact: true }).click()
    await flow.heading('更换手机号')
    await expect(page.getByText('须先到银行申请并完成手机号码修改')).toBeVisible()
    for (const label of ['姓名', '证件类型', '证件号', '银行', '银行账号', '手机号码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await flow.fillPhone({ ...someone, phone: '13700000000' })
    await flow.send()
    const notice = page.getByRole('alert')
    await expect(notice).toContainText('人员姓名或证件名或证件号与银行登记不匹配')
    await expect(notice.getByRole('listitem')).toHaveCount(3)
    // And the way to write, with what one chooses to send.
    await notice.getByRole('checkbox').check()
    await notice.getByRole('button').click()
    await expect(page).toHaveURL(/help\/write/)
    await expect(page.getByLabel('姓名', { exact: true })).toHaveValue(someone.name)
  })

  test('maintaining the account carries its labels and messages', async ({
    page,
    texts,
    language,
    expected,
  }) => {
    expected.statuses.push(422)
    const someone = await member(page)
    const flow = new Registration(page, texts, language)
    await page.goto('/')
    await page.getByRole('link', { name: '用户信息维护', exact: true }).click()
    await flow.signIn(PASSWORD, someone.username)
    await flow.heading('用户信息')
    const tabs = page.getByRole('navigation', { name: '用户信息维护' }).getByRole('link')
    await expect(tabs).toHaveText(['用户信息', '密码管理', '密保工具'])
    await expect(page.getByText('建议立即设置密保问题。')).toBeVisible()
    for (const tab of ['密码管理', '密保工具', '用户信息']) {
      await tabs.filter({ hasText: tab }).click()
      await flow.heading(tab)
    }
    await page.getByRole('link', { name: '修改', exact: true }).click()
    // What may be changed.
    for (const label of ['姓名', '银行', '银行账号', '手机号码']) {
      await expect(page.getByLabel(label, { exact: true })).toBeVisible()
    }
    await page.getByLabel('手机号码').fill('13700000000')
    await page.getByRole('button', { name: '发送短信验证' }).click()
    const notice = page.getByRole('alert')
    await expect(notice).toContainText('人员姓名或证件名或证件号与银行登记不匹配')
    for (const advice of [
      '准确无误',
      '更换银行卡重试',
      '若没有其他银行卡，请到发卡银行窗口核实或变更个人信息',
    ]) {
      await expect(notice.getByRole('listitem').filter({ hasText: advice })).toHaveCount(1)
    }
    const now = { ...someone, phone: `139${unique(8)}` }
    await atTheBank(page, now)
    await page.getByLabel('手机号码').fill(now.phone)
    await page.getByRole('button', { name: '发送短信验证' }).click()
    await expect(page.getByLabel('动态验证')).toBeVisible()
    await page.getByLabel('动态验证').fill(await codeFor(page.request, now.phone))
    await page.getByRole('button', { name: '下一步' }).click()
    await expect(page.getByText('修改成功。')).toBeVisible()
  })

  test('all eleven questions are answered, and one of our own', async ({ page }) => {
    await page.goto('/')
    await page.getByRole('link', { name: '帮助', exact: true }).first().click()
    await expect(page.locator('.answer h2')).toHaveCount(12)
    await page.goto('/help#rare-characters')
    await expect(page.getByRole('heading', { name: '姓名有生僻字，怎么办？' })).toBeInViewport()
  })
})

test('a wrong password has one answer, whoever it is for', async ({
  page,
  texts,
  language,
  expected,
  accessible,
}) => {
  expected.statuses.push(401)
  const someone = await person(page.request, 'resident ID')
  const flow = new Registration(page, texts, language)
  const known = await registered(page.request, someone)
  for (const username of [known, `nobody${unique(6)}`]) {
    await page.goto('/')
    await flow.signIn('not the password 1', username)
    const notice = page.getByRole('alert')
    await expect(notice).toContainText(texts.core.problems.login_failed.title)
    await expect(notice).toContainText(
      fill(texts.core.problems.login_failed.text, {
        password_failures_before_lock: 5,
        lock_minutes: 15,
      }),
    )
    await expect(page.getByLabel(texts.core.fields.username, { exact: true })).toHaveValue(username)
  }
  await accessible('failed login')
  await expect(page).toHaveTitle(new RegExp(`^${fill(texts.core.error_title, { title: '' })}`))
})

test('a wrong captcha brings a new one and keeps the rest', async ({ page, texts, expected }) => {
  expected.statuses.push(422)
  await page.goto('/')
  const image = page.getByAltText(texts.core.captcha.image)
  await expect(image).toBeVisible()
  const first = await image.getAttribute('src')
  await page.getByLabel(texts.core.fields.username, { exact: true }).fill('somebody')
  await page.getByLabel(texts.core.fields.password, { exact: true }).fill(PASSWORD)
  await page.getByLabel(texts.core.captcha.label).fill('abc')
  await page.getByRole('button', { name: texts.core.login.submit, exact: true }).click()
  await expect(page.locator('#captcha-error')).toHaveText(texts.core.errors.captcha.captcha_wrong)
  await expect(image).not.toHaveAttribute('src', first ?? '')
  await expect(page.getByLabel(texts.core.fields.username, { exact: true })).toHaveValue('somebody')
  await solveCaptcha(page, texts)
})

test('the captcha can be heard', async ({ page, texts }) => {
  await page.goto('/')
  const sound = page.waitForResponse((answer) => answer.url().includes('/audio'))
  await page.getByRole('button', { name: texts.core.captcha.listen }).click()
  expect((await sound).headers()['content-type']).toBe('audio/wav')
})
