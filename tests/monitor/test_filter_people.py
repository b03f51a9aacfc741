"""How people really complain, praise and ask, in our four languages. All of it is made up by us."""

from __future__ import annotations

import pytest

from monitor.filter import judge
from storage.words import Kind, Topic
from tests.monitor.shop import NAMELESS, post

COMPLAINTS: dict[str, list[tuple[str, Topic]]] = {
    "en": [
        ("Where is my order? It was due on Friday.", Topic.DELIVERY),
        ("Parcel left in the rain, the box is soaked through", Topic.DELIVERY),
        ("You delivered someone else's letters to me again", Topic.DELIVERY),
        ("The bread was rock hard and the cake tasted of nothing", Topic.PRODUCT),
        ("Got my phone back from repair and the speaker still doesn't work", Topic.PRODUCT),
        ("Broadband has been down since Tuesday, can't work from home", Topic.PRODUCT),
        ("Charged twice for the same booking and nobody cares", Topic.BILLING),
        ("My bank took £40 in fees I never agreed to", Topic.BILLING),
        ("The receptionist was so rude to my mum", Topic.SERVICE),
        ("Worst hotel we have ever stayed in", Topic.SERVICE),
        ("Been on hold for 50 minutes now", Topic.WAITING),
        ("We waited over an hour for two coffees", Topic.WAITING),
        ("Your app keeps logging me out", Topic.WEBSITE),
        ("There was a hair in my soup", Topic.HYGIENE),
        ("Bed bugs. BED BUGS. In a four star hotel!", Topic.HYGIENE),
        ("My son had an allergic reaction to your nut free cookies", Topic.SAFETY),
        ("Bit on a piece of metal in my roll", Topic.SAFETY),
        ("Still no refund after six weeks", Topic.REFUND),
        ("I've emailed five times and heard nothing", Topic.COMMUNICATION),
        ("Thanks for nothing, really.", Topic.SERVICE),
        ("Is it normal that nobody picks up the phone at your clinic?", Topic.COMMUNICATION),
        ("soooo slowwww, took 40 minutes for a sandwich 😡", Topic.WAITING),
        ("Love the cakes, but my order came three days late", Topic.DELIVERY),
        ("The croissants weren't fresh today :)", Topic.PRODUCT),
        ("They dont answer the phone and my prescription is wrong", Topic.COMMUNICATION),
    ],
    "ru": [
        ("Курьер так и не приехал, весь день прождал", Topic.DELIVERY),
        ("Привезли не тот торт, праздник испорчен", Topic.DELIVERY),
        ("Посылку потеряли и молчат", Topic.DELIVERY),
        ("Хлеб чёрствый, есть невозможно", Topic.PRODUCT),
        ("После ремонта телефон не заряжается", Topic.PRODUCT),
        ("Интернет опять не работает, третий день сидим без связи", Topic.PRODUCT),
        ("Банк списал комиссию без моего согласия", Topic.BILLING),
        ("Деньги списали дважды, верните!", Topic.BILLING),
        ("Администратор нахамила, ужасное обслуживание", Topic.SERVICE),
        ("Отношение к клиентам хамское", Topic.SERVICE),
        ("Прождали заказ полтора часа", Topic.WAITING),
        ("Очередь в кассу на сорок минут, работает одна касса", Topic.WAITING),
        ("Приложение вылетает после обновления", Topic.WEBSITE),
        ("В номере тараканы и грязное бельё", Topic.HYGIENE),
        ("Нашла волос в супе", Topic.HYGIENE),
        ("Отравились вашими пирожными всей семьёй", Topic.SAFETY),
        ("В хлебе был осколок стекла", Topic.SAFETY),
        ("Уже месяц не возвращают деньги", Topic.REFUND),
        ("Не могу дозвониться до клиники, трубку никто не берёт", Topic.COMMUNICATION),
        ("Обещали перезвонить и пропали", Topic.COMMUNICATION),
        ("Ну спасибо за испорченный вечер", Topic.SERVICE),
        ("Больше к вам ни ногой", Topic.SERVICE),
        ("Почему мне никто не отвечает?", Topic.COMMUNICATION),
    ],
    "ro": [
        ("Coletul n-a mai ajuns, unde e comanda mea?", Topic.DELIVERY),
        ("Curierul nu a sunat și a lăsat coletul la vecini", Topic.DELIVERY),
        ("am primit alt produs decat am comandat", Topic.DELIVERY),
        ("Pâinea era veche și tare ca piatra", Topic.PRODUCT),
        ("Mi-au reparat telefonul și tot nu merge", Topic.PRODUCT),
        ("de ieri nu am internet, jalnic", Topic.PRODUCT),
        ("Mi-ați luat banii de două ori", Topic.BILLING),
        ("Taxe ascunse la fiecare factura", Topic.BILLING),
        ("Doamna de la recepție a fost foarte nepoliticoasă", Topic.SERVICE),
        ("Servicii de doi lei, nu recomand", Topic.SERVICE),
        ("Am așteptat două ore la coadă", Topic.WAITING),
        ("astept de 3 saptamani un raspuns", Topic.WAITING),
        ("Aplicația se blochează la fiecare plată", Topic.WEBSITE),
        ("Am găsit gândaci în cameră", Topic.HYGIENE),
        ("fir de par in mancare, scarbos", Topic.HYGIENE),
        ("Am făcut toxiinfecție alimentară de la prăjiturile voastre", Topic.SAFETY),
        ("Am găsit un ciob de sticlă în pâine", Topic.SAFETY),
        ("Vreau banii înapoi, refuză să îmi dea rambursarea", Topic.REFUND),
        ("Nu răspunde nimeni la telefon", Topic.COMMUNICATION),
        ("mi-au promis ca ma suna si nimic", Topic.COMMUNICATION),
        ("Halal servire, bravo vouă!", Topic.SERVICE),
        ("M-am săturat de voi", Topic.SERVICE),
    ],
    "te": [
        ("నా ఆర్డర్ ఇంకా రాలేదు", Topic.DELIVERY),
        ("పార్సిల్ పగిలిపోయి వచ్చింది", Topic.DELIVERY),
        ("కేక్ పాడైపోయింది, తినలేకపోయాం", Topic.PRODUCT),
        ("రిపేర్ చేసినా ఫోన్ పనిచేయడం లేదు", Topic.PRODUCT),
        ("రెండుసార్లు డబ్బులు కట్ అయ్యాయి", Topic.BILLING),
        ("బ్యాంకు వాళ్ళు మోసం చేశారు", Topic.BILLING),
        ("స్టాఫ్ చాలా దురుసుగా మాట్లాడారు", Topic.SERVICE),
        ("దారుణమైన సర్వీస్", Topic.SERVICE),
        ("రెండు గంటలుగా ఎదురుచూస్తూనే ఉన్నాం", Topic.WAITING),
        ("యాప్ ఓపెన్ అవ్వట్లేదు", Topic.WEBSITE),
        ("గది చాలా మురికిగా ఉంది, బొద్దింకలు కూడా", Topic.HYGIENE),
        ("మీ కేక్ తిని ఫుడ్ పాయిజన్ అయింది", Topic.SAFETY),
        ("రీఫండ్ ఇంకా ఇవ్వలేదు", Topic.REFUND),
        ("ఎవరూ ఫోన్ ఎత్తడం లేదు", Topic.COMMUNICATION),
        ("order inka raledu, evaru phone lift cheyatledu", Topic.DELIVERY),
        ("food assalu baledu, chala chetta service", Topic.PRODUCT),
        ("refund inka raledu, enni sarlu call chesina reply ledu", Topic.REFUND),
        ("phone repair chesina malli padaipoyindi", Topic.PRODUCT),
    ],
}

CALM: dict[str, list[tuple[str, Kind]]] = {
    "en": [
        ("Best sourdough in town, never disappoints", Kind.PRAISE),
        ("No complaints, lovely staff and fast delivery", Kind.PRAISE),
        ("Had no problems at all, the repair took ten minutes. Thank you!", Kind.PRAISE),
        ("Do you have gluten free bread on Sundays?", Kind.QUESTION),
        ("What time do you open tomorrow?", Kind.QUESTION),
        ("How much is a birthday cake for ten?", Kind.QUESTION),
        ("Meeting Ben there at noon", Kind.CHATTER),
        ("EDIT: all sorted now, they sent me a new one. Thank you!", Kind.PRAISE),
        ("Update: got my refund today, thanks for sorting it", Kind.PRAISE),
        ("Couldn't be happier with my new screen", Kind.PRAISE),
    ],
    "ru": [
        ("Самые вкусные круассаны в городе!", Kind.PRAISE),
        ("Всё хорошо, никаких проблем, спасибо", Kind.PRAISE),
        ("Без нареканий, доставили вовремя", Kind.PRAISE),
        ("Подскажите, во сколько вы открываетесь?", Kind.QUESTION),
        ("Есть ли у вас торты без сахара?", Kind.QUESTION),
        ("Встречаемся там в полдень", Kind.CHATTER),
        ("Проблему решили, деньги вернули, спасибо!", Kind.PRAISE),
    ],
    "ro": [
        ("Cele mai bune covrigi din oraș, recomand!", Kind.PRAISE),
        ("Nicio problemă, totul perfect", Kind.PRAISE),
        ("nu am de ce sa ma plang, livrare rapida", Kind.PRAISE),
        ("Aveți pâine fără gluten?", Kind.QUESTION),
        ("La ce oră deschideți duminica?", Kind.QUESTION),
        ("Ne vedem acolo la prânz", Kind.CHATTER),
        ("S-a rezolvat, mi-au dat banii înapoi, mulțumesc!", Kind.PRAISE),
    ],
    "te": [
        ("కేక్ చాలా బాగుంది, ధన్యవాదాలు", Kind.PRAISE),
        ("ఎలాంటి సమస్య లేదు, మంచి సర్వీస్", Kind.PRAISE),
        ("ఈ రోజు షాపు తెరిచి ఉందా?", Kind.QUESTION),
        ("cake chala bagundi, super", Kind.PRAISE),
        ("problem ledu, manchi service andi", Kind.PRAISE),
        ("సమస్య పరిష్కారమైంది, రీఫండ్ వచ్చింది, థాంక్స్", Kind.PRAISE),
    ],
}


@pytest.mark.parametrize(
    ("language", "text", "topic"), [(language, *row) for language, rows in COMPLAINTS.items() for row in rows]
)
def test_a_complaint_is_heard_with_its_topic_and_language(language: str, text: str, topic: Topic) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, verdict.topic, verdict.language) == (Kind.COMPLAINT, topic, language), verdict.reasons
    assert verdict.mood < 0.6
    assert verdict.probability >= 0.5
    assert verdict.urgency >= 1


@pytest.mark.parametrize(
    ("language", "text", "kind"), [(language, *row) for language, rows in CALM.items() for row in rows]
)
def test_nobody_is_answered_who_does_not_complain(language: str, text: str, kind: Kind) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, verdict.language) == (kind, language), verdict.reasons
    assert verdict.urgency == 1
    assert verdict.topic is Topic.OTHER
