from mmgen.utils.file_hash import file_hash


def test_known_hashes(tmp_path):
    """The published test value for the text "abc" (FIPS 180-4, RFC 1321)."""
    (tmp_path / 'a').write_bytes(b'abc')
    assert file_hash(tmp_path / 'a') == (
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    assert file_hash(str(tmp_path / 'a'), 'md5') == (
        '900150983cd24fb0d6963f7d28e17f72')


def test_a_file_longer_than_a_block(tmp_path):
    (tmp_path / 'a').write_bytes(b'a' * 10**6 * 2)
    (tmp_path / 'b').write_bytes(b'a' * (10**6 * 2 - 1) + b'b')
    assert file_hash(tmp_path / 'a') != file_hash(tmp_path / 'b')
