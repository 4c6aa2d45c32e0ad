"""The page in Chromium: it draws, answers keys, fits and stays silent."""
import json
import os
import shutil
from collections.abc import Iterator

import pytest
from run_folders import CONFIG, write_run

from mmgen.engine.hooks.report_hook import write_report

CHROMIUM = os.environ.get('MMGEN_CHROMIUM') or shutil.which('chromium')
playwright = pytest.importorskip(
    'playwright.sync_api', reason='BROWSER TESTS SKIPPED: no playwright; '
    'pip install -r requirements/tests.txt')
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason='BROWSER TESTS SKIPPED: no chromium; apt-get install '
    'chromium, or MMGEN_CHROMIUM=PROGRAM')
DESKTOP = dict(width=1280, height=900)
EVIL = "<img src=x onerror=document.title='run'><script>document.title='run'"


@pytest.fixture(scope='module')
def browser() -> Iterator:
    with playwright.sync_playwright() as driver:
        # Without a sandbox, which root in a container may not set up.
        yield driver.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu'])


@pytest.fixture
def open_page(browser, tmp_path) -> Iterator:
    """A function that opens the report of runs; what it did wrong fails."""
    noise, contexts = [], []

    def open_runs(*folders, **options):
        out = tmp_path / 'report.html'
        write_report(folders, out)
        context = browser.new_context(**{'viewport': DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on('console', lambda message: noise.append(message.text))
        page.on('pageerror', lambda error: noise.append(str(error)))
        page.on('request', lambda request: noise.append(request.url)
                if not request.url.startswith(('file:', 'data:')) else None)
        page.goto(out.as_uri())
        return page

    yield open_runs
    for context in contexts:
        context.close()
    assert noise == []


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / 'a')


def inks(page) -> list[int]:
    """Of each chart, how many pixels are drawn."""
    return page.evaluate('''() => [...document.querySelectorAll('canvas')].map(
        ({width, height}, index) => {
          const copy = new OffscreenCanvas(width, height).getContext(
            '2d', {willReadFrequently: true});
          copy.drawImage(document.querySelectorAll('canvas')[index], 0, 0);
          return copy.getImageData(0, 0, width, height).data.filter(
            (value, at) => at % 4 === 3 && value > 0).length;
        })''')


def test_all_charts_are_drawn(run, open_page):
    page = open_page(run)
    assert page.locator('h2').all_text_contents() == [
        'Summary', 'Pictures', 'Metrics', 'Losses',
        'Learning rate, speed, memory', 'Events', 'Settings', 'Environment']
    drawn = inks(page)
    assert len(drawn) == 5 and min(drawn) > 1000
    assert page.locator('#summary strong').inner_text() == '20'


def test_the_slider_changes_the_picture(run, open_page):
    page = open_page(run)
    slider = page.get_by_role('slider', name='Iteration of fake_img')
    image = page.locator('.pictures img')
    last = image.get_attribute('src')
    assert image.get_attribute('alt') == 'fake_img of tiny at iteration 100'
    slider.focus()
    page.keyboard.press('ArrowLeft')
    assert image.get_attribute('alt') == 'fake_img of tiny at iteration 50'
    assert image.get_attribute('src') != last
    assert slider.get_attribute('aria-valuetext') == 'iteration 50'
    page.keyboard.press('Home')
    page.get_by_role('button', name='Play').click()
    playwright.expect(image).to_have_attribute('src', last)


def test_smoothing_scale_and_legend_redraw(run, open_page):
    page = open_page(run)
    losses = page.locator('#losses canvas')
    seen = [losses.screenshot()]
    page.get_by_label('Smoothing').fill('0.9')
    seen.append(losses.screenshot())
    page.get_by_label('Logarithmic scale').check()
    seen.append(losses.screenshot())
    assert len(set(seen)) == 3


def test_search_leaves_the_settings_with_the_words(run, open_page):
    page = open_page(run)
    rows = page.locator('dl.settings > div:visible')
    count = rows.count()
    page.get_by_role('searchbox').fill('noise 8')
    assert rows.all_inner_texts() == ['model.generator.noise_size\n8']
    assert page.get_by_text(f'1 of {count}', exact=True).is_visible()


def test_kinds_of_events_can_be_hidden(run, open_page):
    page = open_page(run)
    events = page.locator('ol.events li:visible')
    assert events.count() == 3
    page.get_by_role('button', name='checkpoint (1)').click()
    assert 'Saving' not in ' '.join(events.all_inner_texts())
    assert events.count() == 2


def test_the_identity_card_is_shown_on_demand(run, open_page):
    page = open_page(run)
    cell = page.get_by_role('rowheader', name='fake.images')
    assert not cell.is_visible()
    page.get_by_text('What this number is').click()
    assert cell.is_visible()


def test_floor_and_error_stand_beside_a_metric(run, open_page):
    path, = run.glob('*/metrics_identity/iter_100.json')
    card = json.loads(path.read_text())
    card['results']['FID/fid'] |= dict(floor=3.25, standard_error=0.5)
    path.write_text(json.dumps(card))
    page = open_page(run)
    assert page.get_by_text('floor 3.25 (two halves of the real images), '
                            'standard error 0.5').is_visible()


@pytest.mark.parametrize('count', [1, 2])
def test_a_narrow_screen_needs_no_sideways_scrolling(
        count, run, open_page, tmp_path):
    long = f"{CONFIG}a_long_name = '{'x' * 300}'\n"
    runs = [run, write_run(tmp_path / 'b', long)][2 - count:]
    page = open_page(*runs, viewport=dict(width=360, height=740))
    for details in page.locator('details').all():
        details.evaluate('node => { node.open = true; }')
    assert page.evaluate('document.documentElement.scrollWidth') == 360


def test_dark_is_dark_and_readable(run, open_page):
    def colours(scheme):
        page = open_page(run, color_scheme=scheme)
        return page.evaluate('''() => ['backgroundColor', 'color'].map(
            key => getComputedStyle(document.body)[key].match(/\\d+/g)
              .map(Number).slice(0, 3).reduce((a, b) => a + b) / 3)''')

    paper, ink = colours('light')
    assert paper > 240 and ink < 60
    paper, ink = colours('dark')
    assert paper < 40 and ink > 200


def test_two_runs_lie_side_by_side(run, open_page, tmp_path):
    other = write_run(tmp_path / 'b', fid=30.0, config=CONFIG.replace(
        'noise_size=8', 'noise_size=9'))
    page = open_page(run, other)
    marked = page.locator('#settings tr.differs')
    assert marked.all_inner_texts() == [
        'model.generator.noise_size\t8\t9\tchanged']
    assert page.locator('.pictures img').count() == 2
    assert page.locator('#summary td').all_inner_texts() == [
        '20 at 100', '30 at 100', '+10']


def test_unlike_metrics_are_not_compared(run, open_page, tmp_path):
    page = open_page(run, write_run(tmp_path / 'b', seed=1))
    text = page.locator('#summary td').last.inner_text()
    assert text.startswith('not comparable')
    assert 'seed is None in the first and 1 in the second' in text


def test_what_a_run_says_is_never_run(open_page, tmp_path):
    folder = write_run(tmp_path / 'a', f'{CONFIG}evil = {EVIL!r}\n')
    log, = folder.rglob('*.log')
    log.write_text(
        f'{log.read_text()}2026/01/31 13:00:00 - mmengine - WARNING - {EVIL}\n')
    page = open_page(folder)
    assert page.title() == 'tiny - mmgen report'
    assert page.locator('img[src=x]').count() == 0
    assert page.get_by_text(EVIL, exact=True).count() == 1


def test_a_run_without_anything_is_shown_too(open_page, tmp_path):
    (tmp_path / 'run' / '20260131_120000').mkdir(parents=True)
    page = open_page(tmp_path / 'run')
    assert page.get_by_text('No pictures were written.').is_visible()
    assert page.locator('canvas').count() == 0
