"""Which lines are a street and a house, and which only sound like it."""

import pytest

from pos_adapters.reading.addresses import is_address


@pytest.mark.parametrize(
    "text",
    [
        "Teststraße 5", "Beispielweg 3", "12 Sample Ave", "1 Test Road, Leeds", "C/ Ejemplo 1", "Calle Prueba, 5",
        "12 rue de l'Exemple", "rue Exemple 12", "Via Prova 5", "Rua do Teste, 7", "ul. Testowa 5",
        "ул. Примерная, д. 1", "вул. Тестова, буд. 3", "Deneme Sok. No:1", "測試路1號", "测试路1号", "テスト市1-1", "테스트로 1",
        "Proefstraat 12", "Ulice Zkušební 4", "Av Prueba 5", "R. do Teste 7", "12 Sample St.", "5 rue de l'Essai",
    ],
)  # fmt: skip
def test_a_street_with_a_house_is_an_address(text):
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "TRAINING MODE", "TEST 5", "Test Receipt No 5", "Sample 12", "TESTBELEG 4711", "Prueba 5", "Via Prova",
        "ТЕСТ № 5", "テスト 1", "测试单 1号机", "Way 5.00", "Test drive 25.00", "COPY 2", "Lane 4 TRAINING", "Kopie 3", "Перегляд рахунку стіл 7", "AVOIR N° 12",
        "R PARACETAMOL KERN 1G 1",
    ],
)  # fmt: skip
def test_a_title_with_a_number_is_none(text):
    assert not is_address(text)
