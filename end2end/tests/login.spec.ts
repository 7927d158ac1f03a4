// Getting in and out.

import { expect, live, test } from './bakery';

test('a wrong password is refused in plain words and keeps the name', async ({ page, errors }) => {
  await page.goto('/login');
  await page.locator('input[name=username]').fill('turno');
  await page.locator('input[name=password]').fill('no-es-esta');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.locator('input[name=username]')).toHaveValue('turno');
  await expect(page.locator('input[name=password]')).toHaveValue('');
  errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('401')));
});

test('the login leads back to where one wanted to go', async ({ page }) => {
  await page.goto('/admin/ovens');
  await page.waitForURL(/\/login\?next=/);
  await page.locator('input[name=username]').fill('admin');
  await page.locator('input[name=password]').fill('horno-de-prueba');
  await page.keyboard.press('Enter');
  await page.waitForURL('/admin/ovens');
});

test('language and theme are kept', async ({ page, login }) => {
  await login('pantalla');
  const prefer = (form: Record<string, string>) =>
    page.request.post('/preferences', { form: { ...form, next: '/' }, headers: { 'sec-fetch-site': 'same-origin' } });
  await prefer({ lang: 'de', theme: 'dark' });
  await page.goto('/');
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await prefer({ lang: 'es', theme: 'auto' });
});

test('a session that ends elsewhere brings the board to the login', async ({ page, login }) => {
  await login('turno');
  await live(page);
  await page.request.post('/logout', { headers: { 'sec-fetch-site': 'same-origin' } });
  await page.waitForURL(/\/login/);
});
