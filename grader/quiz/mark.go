package quiz

// Outcome is what the mark of an answer says.
type Outcome string

// The outcomes of an answer.
const (
	Right      Outcome = "right"
	Wrong      Outcome = "wrong"
	Unanswered Outcome = "unanswered"
)

// Result is a marked quiz.
type Result struct {
	Answers []Answer // one for each question, in the order of the quiz
}

// Answer is the mark of one answer.
type Answer struct {
	Question      string
	Outcome       Outcome
	Picked        []string // the options' own ids
	Why           string   // Markdown; empty if unanswered, so that it gives nothing away
	Misconception string   // of the wrong option that was picked
}

// Count tells how many answers have an outcome.
func (r Result) Count(o Outcome) int {
	n := 0
	for _, a := range r.Answers {
		if a.Outcome == o {
			n++
		}
	}
	return n
}

// Mark marks the text of an answers.yaml. The error is the student's (see [Quiz.Parse]): nothing is
// marked then, and nothing is lost once the file is put right.
func (q *Quiz) Mark(file string, data []byte) (Result, error) {
	answers, err := q.Parse(file, data)
	if err != nil {
		return Result{}, err
	}
	return q.Judge(answers), nil
}

// Judge marks answers that [Quiz.Parse] has found valid.
func (q *Quiz) Judge(answers Answers) Result {
	var r Result
	for i := range q.Questions {
		question := &q.Questions[i]
		r.Answers = append(r.Answers, question.judge(answers[question.ID]))
	}
	return r
}

func (q *Question) judge(picked []string) Answer {
	a := Answer{Question: q.ID, Outcome: Unanswered}
	if len(picked) == 0 {
		return a
	}
	a.Picked = picked
	option := q.Option(picked[0])
	if option.Correct {
		a.Outcome, a.Why = Right, q.Why
		return a
	}
	a.Outcome, a.Misconception = Wrong, option.Misconception
	a.Why = option.Why + "\n\n" + q.Why
	return a
}
