// Each page in both themes and all languages: axe finds nothing, nothing overflows, nothing is fetched from elsewhere.

import AxeBuilder from '@axe-core/playwright';
import { expect, live, test } from './bakery';

const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
  { width: 390, height: 844 },
];

const PAGES = ['/login', '/', '/admin/ovens', '/admin/ovens/new', '/admin/outliers', '/api/docs', '/nothing-here'];

for (const theme of ['light', 'dark'] as const) {
  test(`axe is content with every page, ${theme}`, async ({ page, bakery, login, errors }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    // The reference has every operation and type of the API, which are all built alike.
    test.setTimeout(180_000);
    const reference = ['.reference-contents', '[aria-labelledby="subject-alerts"]', '[aria-labelledby="websocket"]'];
    const check = async (what: string) => {
      const axe = new AxeBuilder({ page });
      if (what === '/api/docs') reference.forEach((part) => axe.include(part));
      const { violations } = await axe.analyze();
      expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`), what).toEqual([]);
    };
    await page.goto('/login');
    await check('/login');
    await login('admin');
    await live(page);
    const detail = await page.getByTestId('oven-card').first().getByRole('link').first().getAttribute('href');
    const edit = `/admin${detail}/edit`;
    for (const path of [...PAGES.slice(1), detail!, edit]) {
      await page.goto(path);
      await check(path);
    }
    await bakery.fault('combi-3', { fault: 'down' });
    await page.goto('/');
    await expect(page.locator('[data-testid=oven-card][data-freshness=offline]')).toHaveCount(1);
    await check('an oven that is offline');
    await bakery.fault('combi-3', { fault: 'none' });
    errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('404')));
  });
}

test('no page is wider than its screen, in any language', async ({ page, login, errors }) => {
  await login('admin');
  const detail = await page.getByTestId('oven-card').first().getByRole('link').first().getAttribute('href');
  for (const lang of ['es', 'en', 'de']) {
    await page.request.post('/preferences', { form: { lang, next: '/' }, headers: { 'sec-fetch-site': 'same-origin' } });
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const path of [...PAGES.slice(1), detail!, `/admin${detail}/edit`]) {
        await page.goto(path);
        await expect(page.locator('html')).toHaveAttribute('lang', lang);
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(overflow, `${path} in ${lang} at ${size.width} px`).toBeLessThanOrEqual(0);
      }
    }
  }
  await page.request.post('/preferences', { form: { lang: 'es', next: '/' }, headers: { 'sec-fetch-site': 'same-origin' } });
  errors.splice(0, errors.length, ...errors.filter((text) => !text.includes('404')));
});

test('nothing is fetched from another host', async ({ page, bakery, login }) => {
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(bakery.url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  await login('admin');
  await live(page);
  await page.goto('/admin/ovens/new');
  expect(foreign).toEqual([]);
});

test('the first load of the board stays within its budget', async ({ page, login, bakery }) => {
  await login('turno');
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.clearBrowserCache');
  let bytes = 0;
  const files: string[] = [];
  client.on('Network.loadingFinished', (event) => {
    bytes += event.encodedDataLength;
  });
  client.on('Network.responseReceived', (event) => files.push(event.response.url.replace(bakery.url, '')));
  await page.goto('/');
  await live(page);
  await page.waitForLoadState('networkidle');
  console.log(`first load of the board: ${bytes} bytes in ${files.length} files: ${files.join(' ')}`);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(150_000);
});
