// The main job: somebody logs in and sees ovens change live, also when something fails.

import { card, expect, live, test } from './bakery';

const INTERVAL_MS = 2_000;

test('a temperature changes on the board without a reload', async ({ page, bakery, login }) => {
  await login('turno');
  await live(page);
  await expect(page.getByTestId('oven-card')).toHaveCount(bakery.size);
  const loads: string[] = [];
  page.on('load', () => loads.push(page.url()));
  const temperature = card(page, 'Horno de pisos 1').getByTestId('temperature');
  const first = await temperature.textContent();
  await expect(temperature).not.toHaveText(first!);
  expect(loads).toEqual([]);
});

test('ovens of every protocol are live at the same time', async ({ page, bakery, login }) => {
  await login('turno');
  await live(page);
  for (const { name } of await bakery.ovens()) {
    await expect(card(page, name)).toHaveAttribute('data-freshness', 'live');
    await expect(card(page, name).getByTestId('temperature')).toHaveText(/\d/);
  }
});

test('an oven that goes down is shown so within two intervals, and recovers', async ({ page, bakery, login }) => {
  await login('turno');
  await live(page);
  const oven = card(page, 'Horno rotativo 2');
  await expect(oven).toHaveAttribute('data-freshness', 'live');

  await bakery.fault('horno-rotativo-2', { fault: 'down' });
  // Two intervals and the moment that the page needs to show it.
  await expect(oven).toHaveAttribute('data-freshness', /stale|offline/, { timeout: 2 * INTERVAL_MS + 500 });
  await expect(oven).toHaveAttribute('data-status', 'disconnected');
  // The others go on.
  await expect(card(page, 'Combi 3')).toHaveAttribute('data-freshness', 'live');

  await bakery.fault('horno-rotativo-2', { fault: 'none' });
  await expect(oven).toHaveAttribute('data-freshness', 'live');
  await expect(oven).toHaveAttribute('data-status', 'connected');
});

test('values that stop changing grow old though the oven answers', async ({ page, bakery, login }) => {
  await login('turno');
  await live(page);
  const oven = card(page, 'Horno rotativo 5');
  await expect(oven).toHaveAttribute('data-freshness', 'live');
  await bakery.fault('horno-rotativo-5', { fault: 'frozen' });
  await expect(oven).toHaveAttribute('data-freshness', 'stale');
  await expect(oven).toHaveAttribute('data-status', 'connected');
  await bakery.fault('horno-rotativo-5', { fault: 'none' });
  await expect(oven).toHaveAttribute('data-freshness', 'live');
});

test('an impossible value is not shown', async ({ page, bakery, login }) => {
  await login('turno');
  await live(page);
  const temperature = card(page, 'Combi 6').getByTestId('temperature');
  await expect(temperature).toHaveText(/\d/);
  await bakery.fault('combi-6', { fault: 'out_of_range' });
  await expect(temperature).toHaveText(/—/);
  await expect(page.getByText('9999')).toHaveCount(0);
  await bakery.fault('combi-6', { fault: 'none' });
  await expect(temperature).toHaveText(/\d/);
});

test('the page says that it lost the server, ages every value, and finds it again', async ({ page, context, login, errors }) => {
  await login('turno');
  await live(page);
  await context.setOffline(true);
  // Chromium leaves open sockets alone when it goes offline, so the page's own is closed as a network would.
  await page.evaluate(() => window.dispatchEvent(new Event('offline')));
  await expect(page.getByTestId('live-state')).toHaveAttribute('data-state', 'reconnecting');
  await expect(card(page, 'Combi 3')).toHaveAttribute('data-freshness', 'stale');
  await context.setOffline(false);
  await live(page);
  await expect(card(page, 'Combi 3')).toHaveAttribute('data-freshness', 'live');
  // The browser itself reports each refused attempt.
  errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED')));
});

test('an oven’s page shows its zones and goes on live', async ({ page, login }) => {
  await login('turno');
  await card(page, 'Horno de pisos 4').getByRole('link').first().click();
  await page.waitForURL(/\/ovens\//);
  await live(page);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Horno de pisos 4');
  await expect(page.getByText('deck 1 top').first()).toBeVisible();
  const temperature = page.getByTestId('temperature').first();
  const first = await temperature.textContent();
  await expect(temperature).not.toHaveText(first!);
});

test('everything can be read without scripts', async ({ browser, bakery, login, page }) => {
  await login('turno');
  const context = await browser.newContext({
    javaScriptEnabled: false,
    baseURL: bakery.url,
    storageState: await page.context().storageState(),
  });
  const plain = await context.newPage();
  await plain.goto('/');
  await expect(plain.getByTestId('oven-card')).toHaveCount(bakery.size);
  await expect(plain.getByTestId('temperature').first()).toHaveText(/\d/);
  await plain.getByTestId('oven-card').first().getByRole('link').first().click();
  await expect(plain.getByRole('heading', { level: 1 })).toBeVisible();
  await context.close();
});
