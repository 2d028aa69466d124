// Ids of tokens by a tokenizer.json of WordPiece (BERT) or of whole words.
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;
const CHINESE = /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const WORDS = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\s]+/gu;
const SINGLE = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\s]/gu;

function bert(text, rule) {
  if (rule.clean_text) text = text.replace(/[\t\n\r\p{Zs}]/gu, " ").replace(/[\p{C}\ufffd]/gu, "");
  if (rule.handle_chinese_chars) text = text.replace(CHINESE, " $& ");
  if (rule.strip_accents ?? rule.lowercase) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
  return rule.lowercase ? text.toLowerCase() : text;
}

function pieces(word, model) {
  const letters = [...word], found = [];
  if (letters.length > model.max_input_chars_per_word) return [model.vocab[model.unk_token]];
  for (let start = 0; start < letters.length; ) {
    let end = letters.length, id;
    for (; end > start && id === undefined; end--) {
      id = model.vocab[(start ? model.continuing_subword_prefix : "") + letters.slice(start, end).join("")];
    }
    if (id === undefined) return [model.vocab[model.unk_token]];
    found.push(id);
    start = end + 1;
  }
  return found;
}

function split(text, spec) {
  const { normalizer, pre_tokenizer: cut } = spec;
  if (normalizer?.type === "BertNormalizer") text = bert(text, normalizer);
  if (normalizer?.type === "Lowercase") text = text.toLowerCase();
  if (cut.type !== "BertPreTokenizer") return text.match(cut.type === "Whitespace" ? WORDS : SINGLE) ?? [];
  const words = text.split(/\s+/u).filter(Boolean);
  return words.flatMap((word) => [...word].reduce((all, letter) => {
    const alone = PUNCTUATION.test(letter);
    if (alone || all.last !== false) all.push(letter);
    else all[all.length - 1] += letter;
    all.last = alone;
    return all;
  }, Object.assign([], { last: true })));
}

export function ids(text, spec, rule) {
  const { model, post_processor: post } = spec;
  let found = split(text, spec).flatMap((word) =>
    model.type === "WordPiece" ? pieces(word, model) : [model.vocab[word] ?? model.vocab[model.unk_token]]);
  let before = [], after = [];
  if (post?.type === "BertProcessing") [before, after] = [[post.cls[1]], [post.sep[1]]];
  if (post?.type === "TemplateProcessing") {
    const at = post.single.findIndex((one) => one.Sequence);
    const special = (some) => some.flatMap((one) => post.special_tokens[one.SpecialToken.id].ids);
    [before, after] = [special(post.single.slice(0, at)), special(post.single.slice(at + 1))];
  }
  found = [...before, ...found.slice(0, rule.max_tokens - before.length - after.length), ...after];
  return found.length ? found : [rule.empty];
}
