// A demo bakery for a worker, and a page that fails its test on any error in the console.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as base, expect, type Locator, type Page } from '@playwright/test';

export type Fault = { fault: string; delay_ms?: number };

export type SimulatedOven = { id: string; name: string; fault: string; snapshot: Record<string, unknown> };

export class Bakery {
  private constructor(
    readonly url: string,
    private readonly control: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
    /** How many ovens the demo has. */
    readonly size: number,
  ) {}

  static async open(): Promise<Bakery> {
    const folder = mkdtempSync(join(tmpdir(), 'hornero-'));
    const binary = process.env.HORNERO_BIN;
    if (!binary) throw new Error('HORNERO_BIN has to name the server; run the tests with `make e2e`');
    const child = spawn(binary, ['demo', '--control', '127.0.0.1:0', '--set', 'listen=127.0.0.1:0'], {
      cwd: folder,
      env: { ...process.env, HORNERO_LOG: 'warn', HORNERO_BIN: undefined },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const address = (line: string, mark: string) => line.split(mark)[1]?.trim();
    let url: string | undefined;
    let control: string | undefined;
    for await (const line of createInterface({ input: child.stdout! })) {
      url ??= address(line, 'Hornero is on ');
      control ??= address(line, 'Simulator control is on ');
      if (url && control) break;
    }
    if (!url || !control) throw new Error('the demo ended before it printed its address');
    child.stdout!.resume();
    const ovens: SimulatedOven[] = await (await fetch(`${control}/sim/ovens`)).json();
    return new Bakery(url, control, child, folder, ovens.length);
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  async ovens(): Promise<SimulatedOven[]> {
    return (await fetch(`${this.control}/sim/ovens`)).json();
  }

  async fault(id: string, fault: Fault): Promise<void> {
    const answer = await fetch(`${this.control}/sim/ovens/${id}/fault`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fault),
    });
    expect(answer.status, `setting ${fault.fault} on ${id}`).toBe(204);
  }
}

type Fixtures = { errors: string[]; login: (username?: string) => Promise<void> };

export const PASSWORDS: Record<string, string> = {
  admin: 'horno-de-prueba',
  turno: 'turno-de-prueba',
  pantalla: 'pantalla-de-prueba',
};

export const test = base.extend<Fixtures, { bakery: Bakery }>({
  bakery: [
    async ({}, use) => {
      const bakery = await Bakery.open();
      await use(bakery);
      await bakery.close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ bakery }, use) => use(bakery.url),
  // Whoever provokes an error on purpose empties the list.
  errors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
      });
      page.on('pageerror', (error) => errors.push(String(error)));
      await use(errors);
      expect(errors, 'the console stays empty').toEqual([]);
    },
    { auto: true },
  ],
  login: async ({ page }, use) => {
    await use(async (username = 'admin') => {
      await page.goto('/login');
      await page.locator('input[name=username]').fill(username);
      await page.locator('input[name=password]').fill(PASSWORDS[username]);
      await page.locator('form[action="/login"] button[type=submit], form[action="/login"] button:not([type])').first().click();
      await page.waitForURL('/');
    });
  },
});

export { expect };

/** The card of exactly this oven: `Combi 1` is not `Combi 10`. */
export const card = (page: Page, name: string): Locator =>
  page.getByTestId('oven-card').filter({ hasText: new RegExp(`${name}(?!\\d)`) });

/** Waits until the island runs and its socket is open. */
export const live = (page: Page): Promise<void> =>
  expect(page.getByTestId('live-state')).toHaveAttribute('data-state', 'live');

/** A port nobody uses at the moment, for a peer that a test starts itself. */
export async function python(script: string, ...args: string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = spawn('python3', ['-u', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout! })) {
    child.stdout!.resume();
    return { child, line };
  }
  throw new Error(`${script} printed nothing`);
}
