from yowo.reports.palette import LIGHT, PALETTE, SERIES, style_variables


def test_a_light_value_tells_the_name_of_its_colour():
    assert len(set(LIGHT.values())) == len(PALETTE) and set(SERIES) <= set(LIGHT.values())


def test_dark_screens_have_a_value_for_every_colour():
    light, dark = style_variables().split("@media(prefers-color-scheme:dark)")
    for name, (on_light, on_dark) in PALETTE.items():
        assert f"--{name}:{on_light}" in light and f"--{name}:{on_dark}" in dark
