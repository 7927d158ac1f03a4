// An admin connects an oven that nobody of us wrote.

import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { card, expect, live, python, test } from './bakery';

const PEER = fileURLToPath(new URL('../peers/plain_oven.py', import.meta.url));

/** The visible button of an action; some are there twice, above and below. */
const press = (page: Page, action: string) =>
  page.locator(`button[name=action][value=${action}]:not([aria-hidden])`).last().click();

/** Opens the less usual settings of a mapping row. */
const more = (page: Page, row: number) => page.getByTestId('mapping-row').nth(row).locator('summary').click();

test('a plain JSON endpoint, mapped through the form, is live on the board', async ({ page, login }) => {
  const { child, line } = await python(PEER);
  try {
    await login('admin');
    await page.goto('/admin/ovens/new');
    await page.locator('[name=name]').fill('Horno ajeno');
    await page.locator('[name=location]').fill('Prueba');
    await page.locator('[name=iot_endpoint]').fill(line.trim());
    await page.locator('[name=poll_interval_seconds]').fill('1');
    await page.locator('[name="config.data_endpoint"]').fill('/oven.json');
    await page.locator('[name="config.auth"]').selectOption('none');
    await page.locator('[name="mapping.0.target"]').selectOption('temperature');
    await page.locator('[name="mapping.0.path"]').fill('$.chamber.celsius_x10');
    await more(page, 0);
    await page.locator('[name="mapping.0.scale"]').fill('0,1');
    await press(page, 'add_row');
    await page.locator('[name="mapping.1.target"]').selectOption('operational_status');
    await page.locator('[name="mapping.1.path"]').fill('/state');
    await more(page, 1);
    await page.locator('[name="mapping.1.words"]').fill('HEATING=preheating, BAKE=running');

    await press(page, 'test');
    await expect(page.getByTestId('test-result')).toHaveAttribute('data-success', 'true');
    await expect(page.getByTestId('test-result')).toContainText('celsius_x10');
    await press(page, 'save');
    await page.waitForURL(/\/admin\/ovens\?/);

    await page.goto('/');
    await live(page);
    const oven = card(page, 'Horno ajeno');
    await expect(oven).toHaveAttribute('data-freshness', 'live');
    // The endpoint counts up from 180.0 by a tenth at each request.
    await expect(oven.getByTestId('temperature')).toHaveText(/18\d,\d/);
    const first = await oven.getByTestId('temperature').textContent();
    await expect(oven.getByTestId('temperature')).not.toHaveText(first!);

    child.kill('SIGKILL');
    await expect(oven).toHaveAttribute('data-freshness', /stale|offline/, { timeout: 2_500 });
  } finally {
    child.kill('SIGKILL');
  }

  await page.goto('/admin/ovens');
  const row = page.getByTestId('oven-row').filter({ hasText: 'Horno ajeno' });
  await row.locator('summary').click();
  await row.locator('form[action$="/delete"] button').click();
  await page.waitForURL(/done=oven-deleted/);
  await expect(page.getByTestId('oven-row').filter({ hasText: 'Horno ajeno' })).toHaveCount(0);
});

test('a wrong form keeps what was typed and names what to change', async ({ page, login, errors }) => {
  await login('admin');
  await page.goto('/admin/ovens/new');
  await page.locator('[name=name]').fill('Horno nuevo');
  await page.locator('[name=iot_endpoint]').fill('horno.lan');
  await press(page, 'save');
  await expect(page.locator('[name=name]')).toHaveValue('Horno nuevo');
  await expect(page.locator('[name=iot_endpoint]')).toHaveValue('horno.lan');
  await expect(page.locator('[name=iot_endpoint]')).toHaveAttribute('aria-invalid', 'true');
  // Chromium reports the answer's status 422 in the console.
  errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('422')));
});

test('a failed connection test says at which step and what to do', async ({ page, login }) => {
  await login('admin');
  await page.goto('/admin/ovens/new');
  await page.locator('[name=name]').fill('Nadie');
  await page.locator('[name=iot_endpoint]').fill('http://127.0.0.1:1');
  await press(page, 'test');
  const result = page.getByTestId('test-result');
  await expect(result).toHaveAttribute('data-success', 'false');
  await expect(result.locator('[data-stage=address]')).toHaveAttribute('data-tone', 'ready');
  await expect(result.locator('[data-stage=port]')).toHaveAttribute('data-tone', 'alarm');
});

test('staff see no admin pages', async ({ page, login, errors }) => {
  await login('turno');
  await expect(page.locator('a[href="/admin/ovens"]')).toHaveCount(0);
  const answer = await page.goto('/admin/ovens');
  expect(answer!.status()).toBe(403);
  errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('403')));
});
