// Values that were not believed are found, and judged, by an admin.

import { card, expect, live, test } from './bakery';

test('an impossible value waits for a person, who says what it was', async ({ page, bakery, login }) => {
  await login('admin');
  await live(page);
  await bakery.fault('combi-6', { fault: 'out_of_range' });
  const oven = card(page, 'Combi 6');
  await expect(oven.getByTestId('temperature')).not.toHaveText(/\d/);
  await bakery.fault('combi-6', { fault: 'none' });
  await expect(oven.getByTestId('temperature')).toHaveText(/\d/);

  await page.getByRole('link', { name: 'Atípicos' }).click();
  const chamber = page.getByTestId('pending').getByTestId('outlier').filter({ hasText: '9999' }).first();
  await expect(chamber).toContainText('Combi 6');
  const id = await chamber.getAttribute('data-outlier-id');
  await chamber.getByRole('button', { name: /^Era un error/ }).click();
  await expect(page.getByTestId('notice')).toContainText('quedan fuera');
  await expect(page.getByTestId('judged').locator(`[data-outlier-id="${id}"]`)).toContainText('Era un error');
});
